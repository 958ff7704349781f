--- Walks through pages of customers, alone or while other calls are in flight:
-- `lua walk.lua BASE_URL PAGES OTHERS LATE_BASE_URL`.

local sapanywhere = require "sapanywhere"

local base_url, pages, others, late = arg[1], tonumber(arg[2]), tonumber(arg[3]), arg[4]
local secret = ("0123456789abcdef"):rep(2)

local walking = true

local function walk()
  local shop = assert(sapanywhere.instance { base_url = base_url, user_secret = secret, token = secret })
  local count = 0
  for row, err in shop.customers:each { limit = 100 * pages } do
    assert(row, err)
    count = count + 1
  end
  assert(count == 100 * pages)
  walking = false
end

local client = assert(sapanywhere.new {
  base_url = late, api_key = secret, api_secret = secret, callback_url = "https://www.mycoolapp.com/auth",
})

local function ask()
  while walking do assert(client:oauth_url {}) end
end

local tasks = { walk }
for i = 1, others do tasks[i + 1] = ask end
local _, errors = sapanywhere.all { concurrency = #tasks, unpack and unpack(tasks) or table.unpack(tasks) }
for i = 1, errors.n do assert(not errors[i], errors[i]) end
