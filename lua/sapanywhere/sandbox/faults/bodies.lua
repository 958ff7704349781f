--- Bodies that a client must not fall for, by name: each a function of the right body, giving the body
-- and, where it is not JSON, its type.
-- @module sapanywhere.sandbox.bodies

local bodies = {}

local function always(body, content_type)
  return function() return body, content_type end
end

local function without(name)
  return function(right) return (right:gsub('"' .. name .. '":"[^"]*",?', "", 1)) end
end

-- Not JSON at all
bodies.html = always("<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
  .. "<body><h1>Bad Gateway</h1></body></html>", "text/html")
bodies.empty = always("")
bodies.space = always(" \r\n\t ")
bodies.garbage = always("\127ELF\2\1\1\0\0\0\0\0\255\254\253 neither text nor JSON \0\1\2")
bodies.bom = function(right) return "\239\187\191" .. right end
bodies.trailing = function(right) return right .. " trailing" end
bodies.twice = function(right) return right .. right end
bodies.truncated = function(right) return right:sub(1, math.floor(#right / 2)) end
bodies.single = always("{'oauthUrl':'https://127.0.0.1/','element':'sapanywhere'}")
bodies.comma = always('{"oauthUrl":"https://127.0.0.1/","element":"sapanywhere",}')
bodies.deep = always(("["):rep(200000))
bodies.deep_closed = always(('{"a":'):rep(100000) .. "1" .. ("}"):rep(100000))

-- Strings
bodies.badutf8 = always('{"id":1,"token":"t","name":"\255\254","oauthUrl":"https://127.0.0.1/\192\175"}')
bodies.surrogate = always('{"id":1,"token":"t","name":"\\ud800","oauthUrl":"https://127.0.0.1/"}')
bodies.control = always('{"id":1,"token":"t","name":"a\1b","oauthUrl":"https://127.0.0.1/"}')
bodies.nul = always('{"id":1,"token":"t","name":"a\0b","oauthUrl":"https://127.0.0.1/"}')
bodies.nul_escape = always('{"id":1,"token":"t\\u0000t","name":"a","oauthUrl":"https://127.0.0.1/\\u0000"}')

-- Numbers
bodies.nan = always('{"id":NaN,"token":"t","oauthUrl":"https://127.0.0.1/"}')
bodies.infinity = always('{"id":-Infinity,"token":"t","oauthUrl":"https://127.0.0.1/"}')
bodies.hex = always('{"id":0x7b,"token":"t","oauthUrl":"https://127.0.0.1/"}')
bodies.leading_zero = always('{"id":0123,"token":"t","oauthUrl":"https://127.0.0.1/"}')
bodies.big = always('{"id":9007199254740993,"token":"t","oauthUrl":"https://127.0.0.1/"}')
bodies.huge = always('{"id":123456789012345678901234567890,"token":"t","oauthUrl":"https://127.0.0.1/"}')

-- JSON, but not what was promised
bodies["null"] = always("null")
bodies.list = always("[]")
bodies.string = always('"fine"')
bodies.number = always("1")
bodies.object = always("{}")
bodies.notoken = without("token")
bodies.nourl = without("oauthUrl")
bodies.nulls = always('{"id":null,"token":null,"oauthUrl":null,"element":null}')
bodies.message = always('{"message":"no requestId here"}')
bodies.odd_error = always('{"requestId":{"a":1},"message":["not","a","string"],"providerMessage":7}')

return bodies
