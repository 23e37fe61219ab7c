"""Tests of check_deps, check_docs and test_summary: each rule once broken, once kept."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace(".", "_"), str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


check_deps = load("check_deps")
check_docs = load("check_docs")
test_summary = load("test_summary.py")


class TreeTest(unittest.TestCase):
    """Gives each test a project tree of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".cc":
            with open(path.parent / "CMakeLists.txt", "a", encoding="utf-8") as lists:
                lists.write(f"pitot_library(x SOURCES {path.name})\n")


class CheckDeps(TreeTest):
    def accepts(self, name, text):
        self.write(name, text)
        self.assertEqual(check_deps.check(self.root), [])

    def refuses(self, name, text, why):
        self.write(name, text)
        complaints = check_deps.check(self.root)
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(why, complaints[0])
        self.assertIn(name, complaints[0])

    def test_downward(self):
        self.accepts("src/store/a.cc", '#include "base/status.h"\n#include "store/a.h"\n')

    def test_upward(self):
        self.refuses("src/store/a.cc", '#include "ingest/spool/spool.h"\n', "a higher layer")

    def test_same_layer(self):
        self.refuses("src/query/a.cc", '#include "ingest/spool/spool.h"\n', "its own layer")

    def test_unknown_folder(self):
        self.refuses("src/base/a.cc", '#include "util/a.h"\n', "names no folder")

    def test_folder_without_layer(self):
        self.refuses("src/misc/a.cc", "\n", "has no layer")

    def test_sdk_downward(self):
        own = '#include "sdk/base/clock.h"\n#include "sdk/net/url.h"\n#include "pitot/span.h"\n'
        self.accepts("sdk/net/a.cc", own + '#include "price/book.h"\n')

    def test_sdk_upward(self):
        self.refuses("sdk/net/a.cc", '#include "sdk/llm/call.h"\n', "not below sdk/net")

    def test_sdk_takes_another_span_than_the_servers(self):
        self.refuses("sdk/llm/a.cc", '#include "model/span.h"\n', "the server's")

    def test_sdk_examples_see_what_is_installed(self):
        self.accepts("sdk/examples/a.cc", '#include <pitot/span.h>\n#include "beside_it.h"\n')
        self.refuses("sdk/examples/b.cc", '#include "sdk/net/url.h"\n', "not installed")

    def test_server_without_the_sdk(self):
        self.refuses("src/gateway/a.cc", '#include "pitot/span.h"\n', "names no folder")

    def test_sdk_takes_no_more_than_the_shared_folders(self):
        self.refuses("sdk/net/a.cc", '#include "base/status.h"\n', "sdk/ may include")

    def test_shared_folder_without_abseil(self):
        self.refuses("src/price/a.cc", "#include <absl/status/status.h>\n", "goes into the SDK")

    def test_confined_library(self):
        self.accepts("src/http/a.cc", "#include <boost/beast.hpp>\n")

    def test_library_outside_of_its_folder(self):
        self.refuses("src/api/a.cc", "#include <boost/beast.hpp>\n", "from http only")

    def test_unknown_library(self):
        self.refuses("src/api/a.cc", "#include <uv/uv.h>\n", "new here")

    def test_library_leaks_through_a_header(self):
        self.write("src/receive/a.cc", '#include "http/server.h"\n')
        self.refuses("src/http/server.h", "#include <boost/asio.hpp>\n", "reaches receive")

    def test_library_in_a_header_of_tests(self):
        self.write("src/alert/a_test.cc", '#include "http/test_server.h"\n')
        self.accepts("src/http/test_server.h", "#include <openssl/ssl.h>\n")

    def test_pure_folder_with_a_thread(self):
        self.refuses("src/decode/a.cc", "#include <thread>\n", "is pure")

    def test_pure_folder_with_a_clock(self):
        self.refuses("src/normalize/a.cc", "auto t = system_clock::now();\n", "is pure")

    def test_a_clock_in_a_comment(self):
        self.accepts("src/normalize/a.cc", "// never system_clock::now()\n")

    def test_a_pure_folders_test_may_read_files(self):
        self.accepts("src/decode/a_test.cc", "#include <fstream>\n#include <gtest/gtest.h>\n")

    def test_engine_outside_of_store(self):
        self.refuses("src/ingest/a.cc", "void* h = dlopen(path, 0);\n", "belongs to store/")

    def test_web_downward(self):
        self.accepts("web/src/pages/a/x.tsx", "import { b } from 'widgets/b';\nimport './x.css';\n")

    def test_web_upward(self):
        self.refuses("web/src/widgets/x.tsx", "import type { P } from 'pages/p';\n", "not below")

    def test_web_upward_by_a_relative_path(self):
        self.refuses("web/src/base/x.ts", "export {\n  a,\n} from '../app/a';\n", "not below")

    def test_web_page_imports_page(self):
        self.refuses("web/src/pages/a/x.ts", "import { b } from '../b/x';\n", "another page")

    def test_web_package_nobody_named(self):
        self.refuses("web/src/base/x.ts", "import _ from 'lodash';\n", "new here")

    def test_web_markup_from_text(self):
        self.refuses("web/src/base/x.tsx", "node.innerHTML = text;\n", "payloads are text")

    def test_source_no_target_names(self):
        self.write("src/base/a.cc", "")
        (self.root / "src/base/CMakeLists.txt").write_text("pitot_test(a SOURCES aa.cc a.cc.in)\n")
        self.assertIn("nothing compiles it", check_deps.check(self.root)[0])

    def test_lock_file_with_a_host(self):
        self.refuses("x/package-lock.json", '"resolved": "https://some.host/a.tgz"', "registry")

    def test_path_of_this_machine(self):
        self.refuses("notes.txt", f"see {self.root}/build\n", "path of this machine")


class CheckDocs(TreeTest):
    def setUp(self):
        super().setUp()
        self.write("src/price/book.h", "class PriceBook { void Find(); };\n")
        self.write("Makefile", "test: build\n")

    def accepts(self, text):
        self.write("README.md", text)
        self.assertEqual(check_docs.check(self.root), [])

    def refuses(self, text, why):
        self.write("README.md", text)
        complaints = check_docs.check(self.root)
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(why, complaints[0])

    def test_paths(self):
        self.accepts("`src/price/book.h` `price/book.h` `src/price/` `src/*/book.h` `build/pitot`")

    def test_missing_path(self):
        self.refuses("`src/price/gone.h`", "does not exist")

    def test_what_only_looks_like_a_path(self):
        self.accepts("`application/json` `/api/v1/traces` `gen_ai.usage.input_tokens` `a/b`")

    def test_symbols(self):
        self.accepts("`PriceBook` `PriceBook::Find()` `Find()`")

    def test_missing_symbol(self):
        self.refuses("`PriceBook::Lost()`", "Lost occurs nowhere")

    def test_links(self):
        self.accepts("[book](src/price/book.h) [web](https://example.com/x)")

    def test_missing_link(self):
        self.refuses("[book](src/price/gone.h)", "does not exist")

    def test_targets(self):
        self.accepts("`make test`")

    def test_missing_target(self):
        self.refuses("`make coffee`", "no such target")

    def test_line_number(self):
        self.refuses("see book.h:12", "line number")

    def test_fenced_text_is_not_read(self):
        self.accepts("```\n`src/gone.h`\n```\n")

    def test_architecture_is_short(self):
        self.write("ARCHITECTURE.md", "x\n" * 401)
        self.assertIn("401 lines", check_docs.check(self.root)[0])


class Summary(TreeTest):
    def add(self, ctest, gtest=None, checks="", tap=None):
        self.write("ctest.xml", f"<testsuite>{ctest}</testsuite>")
        if gtest is not None:
            report = f"<testsuites><testsuite>{gtest}</testsuite></testsuites>"
            self.write("gtest/a_test.xml", report)
        self.write("checks", checks)
        if tap is not None:
            self.write("e2e.tap", tap)
        total = test_summary.Sum()
        test_summary.add_ctest(self.root, total)
        test_summary.add_checks(self.root, total)
        test_summary.add_node(self.root, total)
        return total.passed, len(total.failed), len(total.skipped)

    def test_cases_of_a_program(self):
        ctest = '<testcase name="a_test" status="run"/>'
        gtest = '<testcase name="x" status="run"/><testcase name="y" status="run"/>'
        self.assertEqual(self.add(ctest, gtest), (2, 0, 0))

    def test_failed_case(self):
        ctest = '<testcase name="a_test" status="fail"><failure/></testcase>'
        gtest = '<testcase name="x" status="run"><failure/></testcase><testcase name="y"/>'
        self.assertEqual(self.add(ctest, gtest), (1, 1, 0))

    def test_program_that_died_after_its_report(self):
        ctest = '<testcase name="a_test" status="fail"><failure/></testcase>'
        self.assertEqual(self.add(ctest, '<testcase name="x"/>'), (1, 1, 0))

    def test_program_that_left_no_report(self):
        self.assertEqual(self.add('<testcase name="a_test" status="fail"/>'), (0, 1, 0))

    def test_program_that_was_not_built(self):
        ctest = '<testcase name="a" status="notrun"><skipped message="Not Run"/></testcase>'
        self.assertEqual(self.add(ctest), (0, 1, 0))

    def test_checks(self):
        self.assertEqual(self.add("", checks="pass format\nfail documents\n"), (1, 1, 0))

    def test_node(self):
        tap = "ok 1\n# tests 4\n# pass 2\n# fail 1\n# cancelled 0\n# skipped 1\n"
        self.assertEqual(self.add("", tap=tap), (2, 1, 1))

    def test_node_that_died(self):
        self.assertEqual(self.add("", tap="ok 1\n"), (0, 1, 0))


if __name__ == "__main__":
    unittest.main(verbosity=0)
