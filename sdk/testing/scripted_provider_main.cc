// A scripted provider as a program, for clients in other languages.
//
//   scripted_provider [--port N] [--tls CERTIFICATE_FILE]
//
// Prints its URL as the first line. A request with the header `x-case: NAME` gets the answer of that name
// (provider_cases.h); any other is echoed. Ends when its input does, or at SIGINT and SIGTERM.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <map>

#include "sdk/testing/provider_cases.h"

namespace pitot {
inline namespace sdk {
namespace {

int Run(int argc, char** argv) {
  ScriptedProviderOptions options;
  std::string certificate_path;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--port") == 0) {
      options.port = static_cast<uint16_t>(std::atoi(argv[i + 1]));
    } else if (std::strcmp(argv[i], "--tls") == 0) {
      options.tls = true;
      certificate_path = argv[i + 1];
    }
  }
  std::map<std::string, ScriptedStep, std::less<>> steps;
  for (const ProviderCase& one : ProviderCases()) {
    if (one.step) steps.emplace(one.name, *one.step);
  }
  options.answer = [&steps](const ScriptedRequest& request) -> ScriptedStep {
    const auto found = steps.find(request.header("x-case"));
    if (found == steps.end()) return ScriptedProvider::echo(request);
    return found->second;
  };
  const ScriptedProvider provider(options);
  if (options.tls) std::ofstream(certificate_path) << provider.certificate_pem();
  std::printf("%s\n", provider.url().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
  return 0;
}

}  // namespace
}  // namespace sdk
}  // namespace pitot

int main(int argc, char** argv) {
  try {
    return pitot::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scripted_provider: %s\n", error.what());
    return 1;
  }
}
