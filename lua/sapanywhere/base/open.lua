--- Opens the core in C, and says what to do where it cannot be loaded. Lua's own words name a symbol and no cause.

local OTHER_LUA = ("it was built for another Lua than this one (%s): build it with `make LUA=…`")
  :format(rawget(_G, "jit") and "LuaJIT" or _VERSION)

local ADVICE = {
  { "undefined symbol: luaL?_", OTHER_LUA },
  { "version mismatch", OTHER_LUA },
  { "undefined symbol: curl_", "the libcurl of this machine is too old: 7.68 or newer is needed" },
  { "version `CURL_", "the libcurl of this machine is not the one that it was built with" },
  { "libcurl[%w.-]*: cannot open", "libcurl is not installed (Debian: libcurl4)" },
  { "undefined symbol: EVP_", "OpenSSL's libcrypto of this machine is too old" },
  { "version `OPENSSL_", "OpenSSL's libcrypto of this machine is not the one that it was built with" },
  { "libcrypto[%w.-]*: cannot open", "OpenSSL's libcrypto is not the one that it was built with (Debian: libssl3)" },
}

local function advise(said)
  for _, pair in ipairs(ADVICE) do
    if said:find(pair[1]) then return pair[2] end
  end
end

local ok, core = pcall(require, "sapanywhere.core")
if ok then return core end

local said = tostring(core)
local advice = advise(said)
error(advice and ("sapanywhere: the core in C cannot be used: %s\n(%s)"):format(advice, said) or said, 0)
