# What `cmake --install` puts under a prefix: headers, archives, a CMake package, the licence.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pitot)
set(targets pitot_sdk)
set_target_properties(pitot_sdk PROPERTIES EXPORT_NAME sdk)
if(TARGET pitot_testing)
  list(APPEND targets pitot_testing)
  set_target_properties(pitot_testing PROPERTIES EXPORT_NAME testing)
endif()
install(TARGETS ${targets} EXPORT pitot-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT pitot-targets NAMESPACE pitot:: DESTINATION ${package_dir})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pitot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${PITOT_SDK_HEADERS}/pitot/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pitot)
# Of the shared folders, what public headers include.
foreach(name ids kinds money usage)
  install(FILES ${PITOT_ROOT}/src/model/${name}.h
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pitot/model)
endforeach()
install(FILES ${PITOT_ROOT}/LICENSE ${PITOT_ROOT}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/pitot-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/pitot-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/pitot-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pitot-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/pitot-config-version.cmake
        DESTINATION ${package_dir})
