-- The token of a page goes back as it came, as one parameter and nothing else; and the local service takes its own
-- tokens only. Pages end, whatever their tokens are.

local core = require "sapanywhere.core"
local pages = require "sapanywhere.sandbox.service.pages"
local paging = require "sapanywhere.call.paging"
local plan = require "sapanywhere.call.plan"
local made = require "support.values"
local url = require "sapanywhere.sandbox.service.url"

local client = assert(made.client { user_secret = "u", token = nil })
local shop = assert(made.instance({ token = "t" }, client))
local rows = require "sapanywhere.api.rows"

local function check_request(token)
  local values, err = made.call("resource:list", { next_page = token }, shop)
  if not values then
    assert(core.text_fault(token), "a token that is refused without a reason")
    return assert(not tostring(err):find("%c"))
  end
  local request = assert(plan.request(rows["resource:list"], values))
  local path, query = request.target:match("^([^?]*)%?(.*)$")
  assert(not query:find("[^%w%-._~%%=]") and path:find("/hubs/ecommerce/customers$"), "another request")
  local parsed = assert(url.parse_query(query))
  assert(parsed.nextPage[1] == token and not next(parsed, next(parsed)), "another token")
end

local function check_service(token)
  local from, problem = pages.read_token(token, "a list")
  assert(type(from) == "number" or type(problem) == "string")
  local page, what = pages.read({ nextPage = { token }, pageSize = { token } }, "a list", 100)
  assert(page or type(what) == "string")
end

-- The input's bytes are what each page says: how many rows, and which token comes next.
local function check_walk(input)
  local page = 0
  for row, err in paging.each("each", function(token)
    local at = token and tonumber(token) or 1
    page = page + 1
    assert(page <= 4 * 256 + 4, "a walk without an end")
    local byte = input:byte(at) or 0
    local list = {}
    for i = 1, byte % 4 do list[i] = i end
    return list, nil, { next_page = byte >= 8 and tostring(byte) or nil }
  end) do
    assert(row or err.kind == "protocol")
  end
end

return function(input)
  check_request(input)
  check_service(input)
  check_walk(input)
end
