-- The head of an answer, as a server wrote it byte for byte, and what a client shows of it.

local peers = require "support.peers"
local sapanywhere = require "sapanywhere"

local BODY = '{"oauthUrl":"https://a.example/"}'

-- What a call returns of which the answer has these lines, each with its end, in its head.
local function ask(lines, status_line)
  local head = (status_line or "HTTP/1.1 200 OK\r\n") .. lines .. "Content-Length: " .. #BODY .. "\r\n\r\n"
  local escaped = (head .. BODY):gsub("[^%w ]", function(char) return ("\\%03d"):format(char:byte()) end)
  local peer = peers.start("says", escaped)
  local result, err, meta = sapanywhere.oauth_url {
    api_key = "k-1234", api_secret = "s-1234", callback_url = "https://www.mycoolapp.com/auth", retry = false,
    base_url = "http://127.0.0.1:" .. peer.port, timeout = 20,
  }
  peer:stop()
  return result, err, meta
end

local function headers_of(lines, status_line)
  local result, err, meta = ask(lines, status_line)
  assert(result, err)
  assert.equal(tostring(#BODY), meta.headers["content-length"])
  meta.headers["content-length"] = nil
  local copy = {}
  for name, value in pairs(meta.headers) do copy[name] = value end
  return copy
end

describe("a header of an answer", function()
  it("that is repeated has its values joined, in their order", function()
    assert.same({ ["x-a"] = "1, 2, 3", ["x-b"] = "b" },
      headers_of("X-A: 1\r\nX-B: b\r\nx-a: 2\r\nX-a:3\r\n"))
    assert.same({ ["x-a"] = ", x" }, headers_of("X-A:\r\nX-A: x\r\n"))
  end)

  it("has a name of at most 256 characters, in small letters", function()
    for length, is_kept in pairs { [1] = true, [255] = true, [256] = true, [257] = false, [3000] = false } do
      local name = ("Q"):rep(length)
      assert.same({ [name:lower()] = is_kept and "1" or nil, ["x-z"] = "z" }, headers_of(name .. ": 1\r\nX-Z: z\r\n"))
    end
  end)

  it("has a name of the characters that names have, each as it is but for capital letters", function()
    local marks = "!#$%&'*+-.^_`|~"
    assert.same({ ["azaz09" .. marks] = "1" }, headers_of("azAZ09" .. marks .. ": 1\r\n"))
    for _, char in ipairs { " ", "(", "/", "@", "[", "{", "\"", ",", ";", "=", "\127", "\200" } do
      assert.same({ ["x-z"] = "z" }, headers_of("X" .. char .. "A: 1\r\nX-Z: z\r\n"))
    end
  end)

  it("has its value without the blanks around it", function()
    assert.same({ ["x-a"] = "a   b", ["x-b"] = "b:c", ["x-c"] = "", ["x-d"] = "" },
      headers_of("X-A: \t a \t b\t \r\nX-B:b:c\r\nX-C:\r\nX-D: \t\r\n"))
  end)

  it("may end with a line feed alone", function()
    assert.same({ ["x-a"] = "1", ["x-b"] = "2" }, headers_of("X-A: 1\nX-B: 2\r\n"))
  end)
end)

describe("the first line of an answer", function()
  it("has a status of three digits, and may have words", function()
    for _, line in ipairs { "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200\r\n", "HTTP/1.0 200 a b\r\n", "HTTP/1.1 200 \r\n" } do
      local result, err, meta = ask("", line)
      assert(result, err)
      assert.equal(200, meta.status)
    end
    for status, kind in pairs { [404] = "not_found", [503] = "server", [599] = "server", [199] = false } do
      local _, err, meta = ask("", ("HTTP/1.1 %d Some\r\n"):format(status))
      if kind then
        assert.equal(kind, err.kind)
        assert.equal(status, meta.status)
      else
        assert.not_nil(err)
      end
    end
  end)
end)
