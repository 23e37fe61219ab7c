// api/alerting_test_util.h
//
// For tests of the API over alerting: spans through the real ingest, alerting in simulated time, and the
// API over real HTTP, in both engines.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <utility>

#include "alert/rules/system_figures.h"
#include "alert/service.h"
#include "api/api.h"
#include "api/ingested_test_util.h"
#include "base/text.h"
#include "gateway/keys/authorizer.h"
#include "http/client.h"
#include "store/state.h"

namespace pitot {

class AlertingTestBase : public IngestedTestBase {
 protected:
  // At now_; to be called once.
  void Serve(AlertOptions options) {
    state_ = *StateLog::Open(folder_ / "state", now_);
    keys_ = *KeyRing::Open({}, *state_, now_);
    authorizer_ = std::make_unique<Authorizer>(Authorizer::Options{}, *keys_);
    auto alerts = AlertService::Open(std::move(options), {.engine = engine(),
                                                          .limits = limits_,
                                                          .state = state_.get(),
                                                          .clock = now_,
                                                          .figures = figures_,
                                                          .version = "test",
                                                          .send_inline = true});
    ASSERT_TRUE(alerts.ok()) << alerts.status();
    alerts_ = *std::move(alerts);
    api_ = std::make_unique<Api>(ApiDeps{.store = *store_,
                                         .ingest = *ingest_,
                                         .limits = limits_,
                                         .clock = now_,
                                         .state = state_.get(),
                                         .keys = keys_.get(),
                                         .authorizer = authorizer_.get(),
                                         .alerts = alerts_.get()});
    HttpService service;
    service.handle = [this](HttpRequest request, Responder responder) {
      api_->Handle(std::move(request), std::move(responder));
    };
    server_ = *HttpServer::Open({}, std::move(service));
    server_->Start();
  }
  void TearDown() override {
    if (server_ != nullptr) {
      api_->EndStreams();
      server_->Stop(std::chrono::seconds(1));
    }
    server_.reset();
    api_.reset();
    alerts_.reset();
    IngestedTestBase::TearDown();
  }

  // With the key `secret_`, unless that is empty.
  HttpReply Call(std::string method, std::string path, std::string body = "") {
    HttpCall call;
    call.method = std::move(method);
    call.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    call.body = body;
    if (!body.empty()) call.headers.Set("Content-Type", "application/json");
    if (!secret_.empty()) call.headers.Set("x-pitot-key", secret_);
    auto reply = client_.Call(call);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *std::move(reply) : HttpReply();
  }
  boost::json::value Get(std::string path) {
    const HttpReply reply = Call("GET", path);
    EXPECT_EQ(reply.status, 200) << path << ": " << reply.body;
    return boost::json::parse(reply.body);
  }

  FakeClock now_{0};
  StaticFigures figures_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<AlertService> alerts_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
  std::string secret_;
};

}  // namespace pitot
