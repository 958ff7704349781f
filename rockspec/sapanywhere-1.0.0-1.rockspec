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
  "lua >= 5.1, < 5.6",
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
  install_target = "install-library",
  install = { bin = { "bin/sapanywhere" } },
  -- With the flags of the build: others would compile it anew.
  install_variables = {
    BUILD = "build/rock",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    INSTALL_LIB = "$(LIBDIR)",
    INSTALL_LUA = "$(LUADIR)",
    INSTALL_TYPES = "$(PREFIX)/types",
  },
}
