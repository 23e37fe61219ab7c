# Text files compiled into the program:
#
#   pitot_embed_texts(OUT schema_files.cc HEADER store/schema.h FUNCTION SchemaFiles
#                     FILES schema/001_spans.sql ...)
#
# writes OUT into the build folder. It defines `std::span<const EmbeddedText> FUNCTION();`, declared
# in HEADER: name (without folder) and text of each file, in the order given. A changed file rebuilds
# OUT. Files must not contain `)embed"`.
function(pitot_embed_texts)
  cmake_parse_arguments(ARG "" "OUT;HEADER;FUNCTION" "FILES" ${ARGN})
  set(items "")
  foreach(file ${ARG_FILES})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    get_filename_component(name ${file} NAME)
    string(APPEND items "    {\"${name}\", R\"embed(${text})embed\"},\n")
  endforeach()
  string(CONCAT content
    "#include \"${ARG_HEADER}\"\n\n"
    "namespace pitot {\nnamespace {\nconstexpr EmbeddedText kTexts[] = {\n${items}};\n}  // namespace\n\n"
    "std::span<const EmbeddedText> ${ARG_FUNCTION}() { return kTexts; }\n\n}  // namespace pitot\n")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${ARG_OUT} CONTENT "${content}" @ONLY)
endfunction()
