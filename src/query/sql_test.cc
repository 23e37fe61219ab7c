// Users' SQL through the real engine: what must work, and every way out that must not.
#include "query/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "store/tables/table_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kFacts =
    "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
    "is_deleted, duration_ns, kind, status, name, feature, user_id, model, counted, input_tokens, "
    "output_tokens, cost) SELECT 30, toDate('2026-11-20'), p, number % 2 = 0, "
    "1795158000000000000 + number * 1000000000, unhex(leftPad(hex(intDiv(number, 4)), 32, '0')), "
    "unhex(leftPad(hex(number), 16, '0')), 1, 0, (number + 1) * 1000000, "
    "if(number % 2 = 0, 'llm', 'tool'), if(number = 3, 'error', 'unset'), "
    "concat('span of ', p), if(number < 4, 'checkout', 'search'), 'u1', 'gpt-x', number % 2 = 0, "
    "100, 10, if(number = 6, NULL, 500000000) "
    "FROM (SELECT number, arrayJoin(['sql-a', 'sql-b']) AS p FROM numbers(8))";
constexpr std::string_view kTraces =
    "INSERT INTO traces (keep_days, day, project, trace_id, rev, is_deleted, start_ns, "
    "duration_ns, "
    "root_name, spans, models) SELECT 30, toDate('2026-11-20'), p, "
    "unhex(leftPad(hex(number), 32, '0')), 1, 0, 1795158000000000000 + number, 5000000, "
    "concat('root of ', p), 4, ['gpt-x'] "
    "FROM (SELECT number, arrayJoin(['sql-a', 'sql-b']) AS p FROM numbers(2))";
constexpr std::string_view kPayloads =
    "INSERT INTO payloads (keep_days, day, project, hash, content) SELECT 30, "
    "toDate('2026-11-20'), p, unhex(repeat('ab', 16)), concat('payload of ', p) "
    "FROM (SELECT arrayJoin(['sql-a', 'sql-b']) AS p)";
constexpr std::string_view kState =
    "INSERT INTO state (kind, id, at_ns, seq, actor, body, is_deleted) "
    "VALUES ('key', 'k', 1, 1, 'admin', 'hash of a key', 0)";

class SqlTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const std::string_view sql : {kFacts, kTraces, kPayloads, kState}) {
      const absl::Status status = EngineForTest().Execute(sql, kTestDeadline);
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

  static Limits TestLimits() {
    Limits limits;
    limits.sql_rows = 100;
    limits.sql_seconds = 10;
    limits.sql_memory_bytes = 200 << 20;
    limits.sql_result_bytes = 1 << 20;
    return limits;
  }

  absl::StatusOr<std::string> Run(std::string_view sql) { return runner_.Run("sql-a", sql); }

  // The rows as JSON, or the error.
  std::string Rows(std::string_view sql) {
    const absl::StatusOr<std::string> answer = Run(sql);
    if (!answer.ok()) return answer.status().ToString();
    const size_t begin = answer->find("\"rows\":[") + 8;
    std::string rows = answer->substr(begin, answer->find("],\"rows_read\"") - begin);
    std::erase(rows, '\n');
    return rows;
  }

  void ExpectRefused(const char* why, std::string_view sql, std::string_view words = "") {
    const absl::StatusOr<std::string> answer = Run(sql);
    ASSERT_FALSE(answer.ok()) << why << "\n"
                              << sql << "\nmust be refused; it answered\n"
                              << *answer;
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument)
        << why << ": " << sql << "\n"
        << answer.status().ToString();
    EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(std::string(words))) << why;
  }

  SystemClock clock_;
  SqlRunner runner_{EngineForTest(), TestLimits(), clock_};
};

TEST_F(SqlTest, AnswersWithColumnsAndRows) {
  const auto answer =
      Run("SELECT trace_id, cost_usd, started_at FROM calls ORDER BY started_at, 1 LIMIT 1");
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_THAT(*answer, HasSubstr(R"j("columns":[{"name":"trace_id","type":"String"},)j"
                                 R"j({"name":"cost_usd","type":"Nullable(Float64)"},)j"
                                 R"j({"name":"started_at","type":"DateTime64(9, 'UTC')"}])j"));
  EXPECT_THAT(*answer, HasSubstr(R"(["00000000000000000000000000000000", 0.5, )"
                                 R"("2026-11-20T06:59:59.999000000Z"])"));
  EXPECT_THAT(*answer, HasSubstr("\"truncated\":false"));
}

TEST_F(SqlTest, UsefulStatementsWork) {
  const auto good = [&](const char* what, std::string_view sql, std::string_view rows) {
    EXPECT_EQ(Rows(sql), rows) << what << ": " << sql;
  };
  good("semicolon and comments", "SELECT count() /* all */ FROM spans; -- that is it\n", "[8]");
  good("lower case", "select count(*) from calls", "[4]");
  good("unknown cost is null", "SELECT cost_usd FROM calls WHERE span_id = '0000000000000006'",
       "[null]");
  good("group by",
       "SELECT feature, sum(cost_usd) AS usd FROM calls GROUP BY feature ORDER BY usd DESC",
       "[\"checkout\", 1],[\"search\", 0.5]");
  good("with rollup",
       "SELECT feature, count() FROM spans GROUP BY feature WITH ROLLUP ORDER BY feature",
       "[\"\", 8],[\"checkout\", 4],[\"search\", 4]");
  good("grouping sets",
       "SELECT feature, kind, count() FROM spans GROUP BY GROUPING SETS ((feature), (kind)) "
       "ORDER BY feature, kind",
       "[\"\", \"llm\", 4],[\"\", \"tool\", 4],[\"checkout\", \"\", 4],[\"search\", \"\", 4]");
  good("having", "SELECT feature FROM spans GROUP BY feature HAVING countIf(status = 'error') > 0",
       "[\"checkout\"]");
  good("quantiles", "SELECT quantiles(0.5, 0.99)(duration_ms) FROM spans", "[[4.5,7.93]]");
  good("join",
       "SELECT t.root_name, count() FROM traces AS t JOIN spans AS s ON s.trace_id = t.trace_id "
       "GROUP BY t.root_name",
       "[\"root of sql-a\", 8]");
  good("left join using",
       "SELECT count() FROM spans LEFT JOIN tools USING (trace_id, span_id) WHERE tools.name != ''",
       "[4]");
  good("subquery",
       "SELECT max(n) FROM (SELECT trace_id, count() AS n FROM spans GROUP BY trace_id)", "[4]");
  good("in subquery", "SELECT count() FROM spans WHERE trace_id IN (SELECT trace_id FROM traces)",
       "[8]");
  good("in tuple",
       "SELECT count() FROM spans WHERE (kind, feature) IN (('llm', 'search'), ('tool', 'x'))",
       "[2]");
  good("in CTE",
       "WITH ids AS (SELECT trace_id FROM traces LIMIT 1) SELECT count() FROM spans WHERE "
       "trace_id IN ids",
       "[4]");
  good("CTEs",
       "WITH a AS (SELECT feature, cost_usd FROM calls), b AS (SELECT sum(cost_usd) AS c FROM a) "
       "SELECT c FROM b",
       "[1.5]");
  good("scalar with", "WITH (SELECT count() FROM spans) AS total SELECT total / 2", "[4]");
  good("window",
       "SELECT span_id, row_number() OVER (PARTITION BY trace_id ORDER BY span_id DESC) AS n "
       "FROM spans ORDER BY span_id LIMIT 1",
       "[\"0000000000000000\", 4]");
  good("named window",
       "SELECT sum(duration_ms) OVER w FROM spans WINDOW w AS (ORDER BY span_id ROWS "
       "BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY span_id LIMIT 2",
       "[1],[3]");
  good("qualify", "SELECT count() OVER () AS n FROM spans QUALIFY row_number() OVER () = 1", "[8]");
  good("union", "SELECT sum(x) FROM (SELECT 1 AS x UNION ALL SELECT 2)", "[3]");
  good("except", "SELECT kind FROM spans EXCEPT DISTINCT SELECT 'tool'", "[\"llm\"]");
  good("case",
       "SELECT CASE WHEN kind = 'llm' THEN 'model' ELSE 'other' END AS k, count() FROM spans "
       "GROUP BY k ORDER BY k",
       "[\"model\", 4],[\"other\", 4]");
  good("dates", "SELECT toStartOfDay(ended_at), count() FROM spans GROUP BY 1 ORDER BY 1",
       "[\"2026-11-20T00:00:00Z\", 8]");
  good("intervals", "SELECT count() FROM spans WHERE started_at > now() - INTERVAL 100 YEAR",
       "[8]");
  good("arrays", "SELECT arrayMap(x -> x * 2, arrayFilter(x -> x > 1, [1, 2, 3]))", "[[4,6]]");
  good("array join", "SELECT m, count() FROM traces ARRAY JOIN models AS m GROUP BY m",
       "[\"gpt-x\", 2]");
  good("has", "SELECT count() FROM traces WHERE has(models, 'gpt-x')", "[2]");
  good("limit by", "SELECT trace_id FROM spans ORDER BY trace_id LIMIT 1 BY trace_id",
       "[\"00000000000000000000000000000000\"],[\"00000000000000000000000000000001\"]");
  good("aggregate combinators",
       "SELECT sumIf(cost_usd, feature = 'search'), uniqExact(trace_id) FROM calls", "[0.5, 2]");
  good("text", "SELECT 'Žluťoučký kůň 🐎', lower('ÁB'), 'it''s'",
       "[\"Žluťoučký kůň 🐎\", \"Áb\", \"it's\"]");
  good("words in a text are no clauses", "SELECT 'WITH RECURSIVE x AS (SELECT 1) INTO OUTFILE'",
       "[\"WITH RECURSIVE x AS (SELECT 1) INTO OUTFILE\"]");
  good("map and tuple", "SELECT map('a', 1)['a'], (1, 'x').2", "[1, \"x\"]");
  good("regexp", "SELECT count() FROM spans WHERE match(name, '^span of')", "[8]");
  good("exists", "SELECT count() FROM traces WHERE EXISTS (SELECT 1 FROM spans)", "[2]");
  good("except columns", "SELECT * EXCEPT (b) FROM (SELECT 1 AS a, 2 AS b)", "[1]");
  good("alias of a stored table's name", "SELECT facts.name FROM tools AS facts LIMIT 1 OFFSET 9",
       "");
}

TEST_F(SqlTest, NoOtherProject) {
  const auto harmless = [&](std::string_view sql) {
    const auto answer = Run(sql);
    const std::string text = answer.ok() ? *answer : answer.status().ToString();
    EXPECT_THAT(text, Not(HasSubstr("of sql-b"))) << sql;
    EXPECT_THAT(text, Not(HasSubstr("payload of"))) << sql;
    EXPECT_THAT(text, Not(HasSubstr("hash of"))) << sql;
  };
  for (const std::string_view table : {"spans", "calls", "tools", "traces", "scores"}) {
    harmless(fmt::format("SELECT * FROM {}", table));
    harmless(fmt::format("SELECT * FROM {0} AS a, {0} AS b", table));
    harmless(fmt::format("SELECT * FROM {} WHERE 1 OR project = 'sql-b'", table));
    harmless(fmt::format("WITH {0} AS (SELECT * FROM {0}) SELECT * FROM {0}", table));
    harmless(fmt::format(
        "WITH x AS (SELECT * FROM {0}), {0} AS (SELECT * FROM x) SELECT * FROM {0}", table));
    harmless(fmt::format("SELECT * FROM (SELECT * FROM {0} UNION ALL SELECT * FROM {0})", table));
  }
}

TEST_F(SqlTest, OnlyOneSelect) {
  for (const std::string_view sql : {"SELECT 1; SELECT 2",
                                     "SELECT 1;;SELECT 2",
                                     "INSERT INTO facts SELECT * FROM facts",
                                     "CREATE TABLE x (a UInt8) ENGINE = Memory",
                                     "CREATE DATABASE x",
                                     "DROP TABLE facts",
                                     "TRUNCATE TABLE facts",
                                     "ALTER TABLE facts DELETE WHERE 1",
                                     "DELETE FROM facts WHERE 1",
                                     "UPDATE facts SET name = '' WHERE 1",
                                     "OPTIMIZE TABLE facts",
                                     "RENAME TABLE facts TO f",
                                     "SYSTEM FLUSH LOGS",
                                     "SYSTEM SHUTDOWN",
                                     "KILL QUERY WHERE 1",
                                     "SET readonly = 0",
                                     "USE system",
                                     "ATTACH TABLE x",
                                     "DETACH TABLE facts",
                                     "BACKUP TABLE facts TO Disk('a', 'b')",
                                     "GRANT ALL ON *.* TO u",
                                     "CREATE USER u",
                                     "CREATE FUNCTION f AS x -> x",
                                     "EXPLAIN SELECT 1",
                                     "EXPLAIN AST SELECT 1",
                                     "DESCRIBE facts",
                                     "DESCRIBE (SELECT 1)",
                                     "SHOW TABLES",
                                     "SHOW CREATE TABLE facts",
                                     "EXISTS TABLE facts",
                                     "CHECK TABLE facts",
                                     "WATCH facts",
                                     "BEGIN TRANSACTION",
                                     "VALUES (1)",
                                     "",
                                     " ",
                                     ";",
                                     "-- only a comment",
                                     "garbage",
                                     "SELECT 1) UNION ALL (SELECT 2",
                                     "SELECT (1",
                                     "SELECT 1 PARALLEL WITH SELECT 2"}) {
    ExpectRefused("not one SELECT", sql);
  }
}

TEST_F(SqlTest, NoOutputClausesAndSettings) {
  const std::string file = std::filesystem::temp_directory_path() / "pitot_sql_escape";
  for (const std::string& sql :
       {fmt::format("SELECT 1 INTO OUTFILE '{}'", file),
        fmt::format("SELECT 1 INTO OUTFILE '{}' AND STDOUT", file),
        fmt::format("SELECT 1 INTO OUTFILE '{}' TRUNCATE FORMAT CSV", file),
        fmt::format("(SELECT 1) INTO OUTFILE '{}'", file),
        fmt::format("SELECT * FROM (SELECT 1 INTO OUTFILE '{}')", file)}) {
    ExpectRefused("writes a file", sql);
  }
  EXPECT_FALSE(std::filesystem::exists(file)) << file << " was written";
  for (const std::string_view sql :
       {"SELECT 1 FORMAT CSV", "SELECT 1 FORMAT TSVRaw",
        "SELECT 1 FORMAT TSVRaw SETTINGS readonly = 0", "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS additional_table_filters = {}", "SELECT 1 SETTINGS limit = 1",
        "SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)",
        "WITH x AS (SELECT 1 SETTINGS readonly = 0) SELECT * FROM x",
        "SELECT 1 UNION ALL SELECT 2 SETTINGS readonly = 0",
        "SELECT 1 IN (SELECT 1 SETTINGS readonly = 0)"}) {
    ExpectRefused("sets what is ours to set", sql);
  }
}

TEST_F(SqlTest, NoTableFunctions) {
  for (const std::string_view function : {"file('/etc/passwd', 'LineAsString')",
                                          "url('http://127.0.0.1:1/', 'CSV')",
                                          "s3('http://127.0.0.1:1/b/k')",
                                          "remote('127.0.0.1', 'system', 'one')",
                                          "remoteSecure('127.0.0.1', system.one)",
                                          "cluster('default', 'system', 'one')",
                                          "executable('/bin/sh', 'TSV', 'a String')",
                                          "merge('pitot', '.*')",
                                          "merge('.*', 'facts')",
                                          "numbers(10)",
                                          "view(SELECT 1)",
                                          "viewIfPermitted(SELECT 1 ELSE null('x UInt8'))",
                                          "python('x')",
                                          "Python('x')",
                                          "null('x UInt8')",
                                          "input('x UInt8')",
                                          "generateRandom('a UInt8')",
                                          "values('a UInt8', 1)",
                                          "zeros(1)",
                                          "dictionary('d')",
                                          "mysql('127.0.0.1:1','d','t','u','p')",
                                          "postgresql('127.0.0.1:1','d','t','u','p')",
                                          "sqlite('/tmp/x', 't')",
                                          "odbc('x','y','z')",
                                          "jdbc('x','y')",
                                          "hdfs('hdfs://x:1/y')",
                                          "azureBlobStorage('x')",
                                          "iceberg('http://x/')",
                                          "deltaLake('http://x/')",
                                          "mongodb('x')",
                                          "redis('x','k','k String')",
                                          "format('CSV', '1')",
                                          "loop(numbers(1))",
                                          "mergeTreeIndex('pitot', 'facts')",
                                          "mergeTreeProjection('pitot','facts','p')",
                                          "fuzzJSON('{}')",
                                          "timeSeriesData('t')",
                                          "generateSeries(1, 2)",
                                          "primes(3)",
                                          "filesystem('/')",
                                          "arrowFlight('x')",
                                          "ytsaurus('x')",
                                          "prometheusQuery('t', 'x')",
                                          "viewExplain('EXPLAIN', '', (SELECT 1))"}) {
    ExpectRefused("table function", fmt::format("SELECT * FROM {}", function));
    ExpectRefused("nested table function",
                  fmt::format("WITH x AS (SELECT * FROM {}) SELECT * FROM x", function));
    ExpectRefused("joined table function", fmt::format("SELECT 1 FROM spans, {}", function));
  }
  ExpectRefused("explain as a subquery", "SELECT * FROM (EXPLAIN SELECT 1)");
  ExpectRefused("describe as a subquery", "SELECT * FROM (DESCRIBE facts)");
  ExpectRefused("show as a subquery", "SELECT * FROM (SHOW TABLES)");
  ExpectRefused("values as a subquery", "SELECT * FROM (VALUES (1))");
}

TEST_F(SqlTest, NoStoredTables) {
  for (const std::string_view table : {"facts",
                                       "payloads",
                                       "logs",
                                       "metric_points",
                                       "state",
                                       "schema_version",
                                       "`facts`",
                                       "\"payloads\"",
                                       "pitot.spans",
                                       "pitot.facts",
                                       "default.spans",
                                       "`pitot`.`spans`",
                                       "`pitot.spans`",
                                       "system.tables",
                                       "system.one",
                                       "system.functions",
                                       "system.processes",
                                       "system.settings",
                                       "system.parts",
                                       "information_schema.tables",
                                       "INFORMATION_SCHEMA.TABLES",
                                       "_temporary_and_external_tables.x",
                                       "nothing",
                                       "Spans"}) {
    ExpectRefused("FROM", fmt::format("SELECT * FROM {}", table), "does not exist here");
    ExpectRefused("FROM with alias", fmt::format("SELECT * FROM {} AS spans", table));
    ExpectRefused("JOIN", fmt::format("SELECT 1 FROM spans JOIN {} AS x ON 1", table));
    ExpectRefused("nested", fmt::format("SELECT * FROM (SELECT * FROM (SELECT * FROM {}))", table));
    ExpectRefused("in a CTE", fmt::format("WITH x AS (SELECT * FROM {}) SELECT * FROM x", table));
    ExpectRefused("in a scalar", fmt::format("SELECT (SELECT count() FROM {})", table));
    ExpectRefused("in EXISTS", fmt::format("SELECT EXISTS (SELECT 1 FROM {})", table));
    ExpectRefused("in IN (SELECT)", fmt::format("SELECT 1 IN (SELECT 1 FROM {})", table));
    ExpectRefused("IN table", fmt::format("SELECT 1 FROM spans WHERE trace_id IN {}", table));
    ExpectRefused("NOT IN table",
                  fmt::format("SELECT 1 FROM spans WHERE trace_id NOT IN {}", table));
    ExpectRefused("GLOBAL IN table",
                  fmt::format("SELECT 1 FROM spans WHERE trace_id GLOBAL IN {}", table));
    ExpectRefused("in() as a function", fmt::format("SELECT in('x', {})", table));
    ExpectRefused("nullIn() as a function", fmt::format("SELECT NULLIN('x', {})", table));
    ExpectRefused("UNION", fmt::format("SELECT 1 UNION ALL SELECT 1 FROM {}", table));
    ExpectRefused("INTERSECT", fmt::format("SELECT 1 INTERSECT SELECT 1 FROM {}", table));
    ExpectRefused("FROM first", fmt::format("FROM {} SELECT *", table));
    ExpectRefused("TABLE", fmt::format("TABLE {}", table));
  }
}

TEST_F(SqlTest, SubqueriesCannotStandForStoredTables) {
  ExpectRefused("used outside its scope",
                "SELECT * FROM (WITH facts AS (SELECT 1) SELECT * FROM facts), facts",
                "cannot be called");
  ExpectRefused("used in itself",
                "WITH payloads AS (SELECT * FROM payloads) SELECT * FROM payloads",
                "cannot be called");
  ExpectRefused("a view's name", "WITH spans AS (SELECT * FROM spans) SELECT * FROM spans",
                "cannot be called");
  ExpectRefused("quoted", "WITH `facts` AS (SELECT 1) SELECT * FROM facts", "cannot be called");
  ExpectRefused(
      "a window's name",
      "SELECT * FROM (SELECT row_number() OVER facts FROM spans WINDOW facts AS (ORDER BY "
      "span_id)), facts",
      "cannot be called");
  ExpectRefused("scalar alias", "WITH 1 AS facts SELECT 1 IN facts");
  ExpectRefused("named like a qualified table",
                "WITH `system.tables` AS (SELECT 1) SELECT * FROM system.tables");
  ExpectRefused("recursive",
                "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) "
                "SELECT * FROM r",
                "RECURSIVE");
  ExpectRefused("recursive in lower case and nested",
                "SELECT * FROM (with recursive r as (select 1 as n union all select n from r) "
                "select * from r)",
                "RECURSIVE");
}

TEST_F(SqlTest, NoImpureFunctions) {
  for (const std::string_view call : {"file('/etc/passwd')",
                                      "dictGet('d', 'a', 1)",
                                      "dictHas('d', 1)",
                                      "joinGet('j', 'a', 1)",
                                      "joinGetOrNull('j', 'a', 1)",
                                      "hostName()",
                                      "fqdn()",
                                      "sleep(1)",
                                      "sleepEachRow(1)",
                                      "getSetting('readonly')",
                                      "getServerSetting('max_connections')",
                                      "getMergeTreeSetting('x')",
                                      "currentUser()",
                                      "user()",
                                      "version()",
                                      "uptime()",
                                      "buildId()",
                                      "currentDatabase()",
                                      "getMacro('x')",
                                      "getOSKernelVersion()",
                                      "tcpPort()",
                                      "serverUUID()",
                                      "queryID()",
                                      "aiGenerate('x')",
                                      "aiEmbed('x')",
                                      "AIClassify('x', 'y')",
                                      "naiveBayesClassifier('m', 'x')",
                                      "catboostEvaluate('m', 1)",
                                      "evalMLMethod(1, 2)",
                                      "hasColumnInTable('pitot', 'facts', 'name')",
                                      "filesystemCapacity()",
                                      "zookeeperSessionUptime()",
                                      "addressToLine(1)",
                                      "demangle('x')",
                                      "logTrace('x')",
                                      "getClientHTTPHeader('Authorization')",
                                      "formatRow('CSV', 1)",
                                      "initializeAggregation('sum', 1)",
                                      "showCertificate()",
                                      "currentRoles()",
                                      "globalVariable('x')",
                                      "fuzzQuery('SELECT 1')",
                                      "generateSerialID('x')",
                                      "connectionId()",
                                      "errorCodeToName(1)",
                                      "mergeTreePartInfo('x')",
                                      "structureToCapnProtoSchema('a UInt8')",
                                      "transactionID()",
                                      "shardNum()",
                                      "partitionId(1)",
                                      "serverTimezone()",
                                      "isMergeTreePartCoveredBy('a', 'b')",
                                      "FILE('/etc/passwd')",
                                      "`file`('/etc/passwd')",
                                      "fileIf('/etc/passwd', 1)",
                                      "nosuchfunction(1)"}) {
    ExpectRefused("function", fmt::format("SELECT {}", call), "is not allowed");
  }
  ExpectRefused("by APPLY", "SELECT * APPLY(hostName) FROM spans");
  ExpectRefused("by APPLY with a lambda", "SELECT * APPLY(x -> hostName()) FROM spans");
  ExpectRefused("in ORDER BY", "SELECT 1 ORDER BY hostName()");
  ExpectRefused("in LIMIT", "SELECT 1 LIMIT uptime()");
  ExpectRefused("in a lambda", "SELECT arrayMap(x -> hostName(), [1])");
  ExpectRefused("in a named lambda", "WITH x -> hostName() AS f SELECT f(1)");
  ExpectRefused("in a window", "SELECT count() OVER (PARTITION BY hostName()) FROM spans");
}

TEST_F(SqlTest, NoParametersAndNoForgedNames) {
  ExpectRefused("parameter", "SELECT {x:String}");
  ExpectRefused("our parameter", "SELECT {project:String}");
  ExpectRefused("table parameter", "SELECT * FROM {t:Identifier}");
  ExpectRefused("line break in an alias",
                "SELECT 1 AS `a\n      Literal UInt64_1`, file('/etc/passwd')");
  ExpectRefused("escaped line break in a name", R"(SELECT `a\n Asterisk` FROM spans)",
                "line break");
  ExpectRefused("line break in a table's alias",
                "SELECT * FROM spans AS `x\n  TableIdentifier spans`", "line break");
  ExpectRefused("line break in a function's name", "SELECT `sum\n`(1)", "line break");
  ExpectRefused("quoted by double quotes", "SELECT \"a\nb\" FROM spans", "line break");
  ExpectRefused("words of the tree in a name", "SELECT * FROM `facts (alias spans)`");
  ExpectRefused("NUL byte", std::string_view("SELECT 1\0; DROP TABLE facts", 27), "NUL");
}

TEST_F(SqlTest, LimitsHold) {
  const auto cut = Run("SELECT arrayJoin(range(1000))");
  ASSERT_TRUE(cut.ok()) << cut.status().ToString();
  EXPECT_THAT(*cut, HasSubstr("\"truncated\":true"));
  EXPECT_EQ(std::count(cut->begin(), cut->end(), '\n'), 100);
  const auto exact = Run("SELECT arrayJoin(range(100))");
  ASSERT_TRUE(exact.ok());
  EXPECT_THAT(*exact, HasSubstr("\"truncated\":false"));

  ExpectRefused("too long", "SELECT '" + std::string(1 << 20, 'x') + "'", "sql_text_bytes");
  ExpectRefused("memory", "SELECT groupArray(x) FROM (SELECT arrayJoin(range(100000000)) AS x)",
                "sql_memory_bytes");
  ExpectRefused("one large array", "SELECT length(range(400000000))", "sql_memory_bytes");
  ExpectRefused("large result", "SELECT repeat('x', 100000), arrayJoin(range(90))",
                "sql_result_bytes");
  ExpectRefused(
      "large result, not constant",
      "SELECT repeat('x', 10000 + n) FROM (SELECT arrayJoin(range(99000)) AS n) ORDER BY n "
      "DESC",
      "sql_result_bytes");
  std::string deep = "SELECT 1";
  for (int i = 0; i < 2000; ++i) deep = "SELECT * FROM (" + deep + ")";
  ExpectRefused("deep subqueries", deep);
  ExpectRefused("deep parentheses",
                "SELECT " + std::string(20'000, '(') + "1" + std::string(20'000, ')'));
  std::string sum = "SELECT 1";
  for (int i = 0; i < 30'000; ++i) sum += "+1";
  ExpectRefused("a long sum", sum);
}

TEST_F(SqlTest, TimeIsLimited) {
  Limits limits = TestLimits();
  limits.sql_seconds = 1;
  SqlRunner runner(EngineForTest(), limits, clock_);
  const int64_t begin = clock_.MonotonicNanos();
  const auto answer =
      runner.Run("sql-a",
                 "SELECT count() FROM (SELECT arrayJoin(range(1000000)) AS x) AS a, "
                 "(SELECT arrayJoin(range(1000000)) AS y) AS b WHERE x * y = 7");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded)
      << answer.status().ToString();
  EXPECT_LT(clock_.MonotonicNanos() - begin, 20 * kNanosPerSecond);
}

TEST_F(SqlTest, StopsWhenNobodyWaits) {
  Limits limits = TestLimits();
  limits.sql_seconds = 600;
  SqlRunner runner(EngineForTest(), limits, clock_);
  const auto cancel = std::make_shared<CancelToken>();
  const std::jthread leaves([&] { cancel->Cancel(); });
  const auto answer =
      runner.Run("sql-a",
                 "SELECT count() FROM (SELECT arrayJoin(range(1000000)) AS x) AS a, "
                 "(SELECT arrayJoin(range(1000000)) AS y) AS b WHERE x * y = 7",
                 cancel);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled) << answer.status().ToString();
}

TEST_F(SqlTest, MessagesAreForTheAuthor) {
  const auto message = [&](std::string_view sql) {
    return std::string(Message(Run(sql).status()));
  };
  EXPECT_THAT(message("SELECT modle FROM spans"), HasSubstr("`modle`"));
  EXPECT_THAT(message("SELECT modle FROM spans"), HasSubstr("Maybe you meant: ['model']"));
  EXPECT_THAT(message("SELECT modle FROM spans"), Not(HasSubstr("DB::Exception")));
  EXPECT_THAT(message("SELECT modle FROM spans"), Not(HasSubstr("UNKNOWN_IDENTIFIER")));
  EXPECT_THAT(message("SELECT FROM WHERE"), HasSubstr("Syntax error"));
  EXPECT_THAT(message("SELECT * FROM span"), HasSubstr("did you mean \"spans\"?"));
  EXPECT_THAT(message("SELECT throwIf(1, 'stop')"), HasSubstr("stop"));
}

TEST_F(SqlTest, ProjectNamesAreChecked) {
  for (const std::string& project : {std::string(), std::string("a'b"), std::string("a b"),
                                     std::string("a\\"), std::string(65, 'a')}) {
    EXPECT_EQ(runner_.Run(project, "SELECT 1").status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(SqlTest, ManyAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) EXPECT_EQ(Rows("SELECT count() FROM spans"), "[8]");
    });
  }
}

}  // namespace
}  // namespace pitot
