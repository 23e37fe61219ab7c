// sdk/collect/settings.h
//
// What a collector's options and the environment say together.
#pragma once

#include <vector>

#include "pitot/collector.h"
#include "sdk/export/exporter.h"

namespace pitot {
inline namespace sdk {

// Throws std::invalid_argument naming option, value and limit.
void Validate(const CollectorOptions& options);

// Options win over OTEL_SERVICE_NAME, which wins over OTEL_RESOURCE_ATTRIBUTES ("key=value,...", values
// percent-encoded; entries that are not are left out). Of its keys service.name, service.version,
// service.instance.id and deployment.environment(.name) fill the fields of their own. Without any name:
// the program's. Without an instance: a random one.
ExportResource ResourceOf(const CollectorOptions& options);

// The options', else those PITOT_EXPORTERS names (otlp, langfuse, zipkin, jsonl, with commas between
// them; "none": no exporter), else OTLP. Throws std::invalid_argument for another name.
std::vector<ExporterOptions> ExportersOf(const CollectorOptions& options);

}  // namespace sdk
}  // namespace pitot
