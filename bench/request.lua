--- The requests as a program without a client library makes them, call by call.

local cjson = require "cjson"

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

local function oauth_url(values)
  return {
    method = "GET",
    path = ("/elements/sapanywhere/oauth/url?apiKey=%s&apiSecret=%s&callbackUrl=%s&state=%s"):format(
      escape(values.api_key), escape(values.api_secret), escape(values.callback_url),
      "fedcba9876543210fedcba9876543210"),
    headers = { ["accept"] = "application/json", ["user-agent"] = "bench" },
  }
end

local function create_instance(values)
  local body = cjson.encode {
    element = { key = "sapanywhere" }, providerData = { code = values.code },
    configuration = {
      ["oauth.callback.url"] = values.callback_url, ["oauth.api.key"] = values.api_key,
      ["oauth.api.secret"] = values.api_secret,
    },
    name = values.name, tags = values.tags,
  }
  return {
    method = "POST", path = "/instances", body = body,
    headers = {
      ["accept"] = "application/json", ["user-agent"] = "bench", ["content-type"] = "application/json",
      ["content-length"] = tostring(#body),
      ["authorization"] = ("User %s, Organization %s"):format(values.user_secret, values.organization_secret),
    },
  }
end

local function list_customers(values)
  return {
    method = "GET", path = "/hubs/ecommerce/customers?pageSize=100",
    headers = {
      ["accept"] = "application/json", ["user-agent"] = "bench",
      ["authorization"] = ("User %s, Element %s"):format(values.user_secret, values.token),
    },
  }
end

return {
  oauth_url = oauth_url, create_instance = create_instance, list_customers = list_customers,
  decode = cjson.decode,
}
