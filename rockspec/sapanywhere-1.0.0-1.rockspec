-- For `luarocks make rockspec/sapanywhere-1.0.0-1.rockspec` in a checkout.
-- The Makefile compiles, so that flags and exported symbols are the same however the library is built, and finds
-- libcurl and libcrypto with pkg-config (luarocks' own search knows no multiarch directories).
rockspec_format = "3.0"
package = "sapanywhere"
version = "1.0.0-1"

-- No public repository yet: this is the archive that the release steps in CHANGELOG.md make, beside the caller.
source = {
  url = "file://sapanywhere-1.0.0.tar.gz",
  dir = "sapanywhere-1.0.0",
}

description = {
  summary = "Client of the SAP Anywhere element on the Cloud Elements API (SAP Open Connectors)",
  detailed = [[
Asks for the OAuth URL, reads the callback and creates the element instance, from plain Lua, nginx or any event
loop, without blocking it. A local service to test against is part of it.]],
  license = "MIT",
}

supported_platforms = { "linux" }

dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson >= 2.1.0",
}

build = {
  type = "make",
  build_variables = {
    BUILD = "build/rock",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
  },
  install_pass = false,
  install = {
    lib = { ["sapanywhere.core"] = "build/rock/sapanywhere/core.so" },
    lua = {
      ["sapanywhere"] = "lua/sapanywhere.lua",
      ["sapanywhere.address"] = "lua/sapanywhere/address.lua",
      ["sapanywhere.all"] = "lua/sapanywhere/all.lua",
      ["sapanywhere.answer"] = "lua/sapanywhere/answer.lua",
      ["sapanywhere.callback"] = "lua/sapanywhere/callback.lua",
      ["sapanywhere.checks"] = "lua/sapanywhere/checks.lua",
      ["sapanywhere.client"] = "lua/sapanywhere/client.lua",
      ["sapanywhere.connections"] = "lua/sapanywhere/connections.lua",
      ["sapanywhere.disguises"] = "lua/sapanywhere/disguises.lua",
      ["sapanywhere.driver"] = "lua/sapanywhere/driver.lua",
      ["sapanywhere.endpoints"] = "lua/sapanywhere/endpoints.lua",
      ["sapanywhere.entries"] = "lua/sapanywhere/entries.lua",
      ["sapanywhere.errors"] = "lua/sapanywhere/errors.lua",
      ["sapanywhere.host"] = "lua/sapanywhere/host.lua",
      ["sapanywhere.host.cqueues"] = "lua/sapanywhere/host/cqueues.lua",
      ["sapanywhere.host.descriptor"] = "lua/sapanywhere/host/descriptor.lua",
      ["sapanywhere.host.nginx"] = "lua/sapanywhere/host/nginx.lua",
      ["sapanywhere.host.plain"] = "lua/sapanywhere/host/plain.lua",
      ["sapanywhere.http_date"] = "lua/sapanywhere/http_date.lua",
      ["sapanywhere.lazy"] = "lua/sapanywhere/lazy.lua",
      ["sapanywhere.options"] = "lua/sapanywhere/options.lua",
      ["sapanywhere.plan"] = "lua/sapanywhere/plan.lua",
      ["sapanywhere.recovery"] = "lua/sapanywhere/recovery.lua",
      ["sapanywhere.redact"] = "lua/sapanywhere/redact.lua",
      ["sapanywhere.retry"] = "lua/sapanywhere/retry.lua",
      ["sapanywhere.sandbox"] = "lua/sapanywhere/sandbox.lua",
      ["sapanywhere.sandbox.answers"] = "lua/sapanywhere/sandbox/answers.lua",
      ["sapanywhere.sandbox.authorization"] = "lua/sapanywhere/sandbox/authorization.lua",
      ["sapanywhere.sandbox.bodies"] = "lua/sapanywhere/sandbox/bodies.lua",
      ["sapanywhere.sandbox.certificates"] = "lua/sapanywhere/sandbox/certificates.lua",
      ["sapanywhere.sandbox.config"] = "lua/sapanywhere/sandbox/config.lua",
      ["sapanywhere.sandbox.consent"] = "lua/sapanywhere/sandbox/consent.lua",
      ["sapanywhere.sandbox.documented"] = "lua/sapanywhere/sandbox/documented.lua",
      ["sapanywhere.sandbox.gzip_bomb"] = "lua/sapanywhere/sandbox/gzip_bomb.lua",
      ["sapanywhere.sandbox.handler"] = "lua/sapanywhere/sandbox/handler.lua",
      ["sapanywhere.sandbox.instances"] = "lua/sapanywhere/sandbox/instances.lua",
      ["sapanywhere.sandbox.json"] = "lua/sapanywhere/sandbox/json.lua",
      ["sapanywhere.sandbox.misbehave"] = "lua/sapanywhere/sandbox/misbehave.lua",
      ["sapanywhere.sandbox.nginx"] = "lua/sapanywhere/sandbox/nginx.lua",
      ["sapanywhere.sandbox.oauth_url"] = "lua/sapanywhere/sandbox/oauth_url.lua",
      ["sapanywhere.sandbox.ports"] = "lua/sapanywhere/sandbox/ports.lua",
      ["sapanywhere.sandbox.random"] = "lua/sapanywhere/sandbox/random.lua",
      ["sapanywhere.sandbox.records"] = "lua/sapanywhere/sandbox/records.lua",
      ["sapanywhere.sandbox.sending"] = "lua/sapanywhere/sandbox/sending.lua",
      ["sapanywhere.sandbox.service"] = "lua/sapanywhere/sandbox/service.lua",
      ["sapanywhere.sandbox.store"] = "lua/sapanywhere/sandbox/store.lua",
      ["sapanywhere.sandbox.supervisor"] = "lua/sapanywhere/sandbox/supervisor.lua",
      ["sapanywhere.sandbox.system"] = "lua/sapanywhere/sandbox/system.lua",
      ["sapanywhere.sandbox.url"] = "lua/sapanywhere/sandbox/url.lua",
      ["sapanywhere.scheduler"] = "lua/sapanywhere/scheduler.lua",
      ["sapanywhere.state"] = "lua/sapanywhere/state.lua",
      ["sapanywhere.suggest"] = "lua/sapanywhere/suggest.lua",
      ["sapanywhere.trace"] = "lua/sapanywhere/trace.lua",
      ["sapanywhere.version"] = "lua/sapanywhere/version.lua",
    },
  },
}
