-- The whole journey against the local service, with what goes over the wire: from the user's consent to a live
-- instance, its token kept, used and given up; and the three things that go wrong most. `make demo` runs it.

local core = require "sapanywhere.core"
local sapanywhere = require "sapanywhere"
local sandbox = require "sapanywhere.sandbox"

local browser = require "support.browser"
local paper = require "support.paper"
local sleep = require("sapanywhere.wait.plain").sleep

local SIGNATURE_KEY, STORE_KEY = core.random_hex(16), core.random_hex(32)

local service -- the sandbox, once it runs
local secrets = {} -- every value that must not be shown
local seen = 0 -- how many of the requests that arrived have been shown

-- Showing

local function hide(value)
  if type(value) == "string" and value ~= "" then secrets[#secrets + 1] = value end
end

local function safe(value)
  return sapanywhere.redact(value, secrets)
end

-- JSON with one member a line, its names sorted.
local function pretty(value, margin)
  if type(value) ~= "table" or next(value) == nil then
    return (core.encode({ value }):sub(2, -2):gsub("\\/", "/"))
  end
  local inner, parts, names = margin .. "  ", {}, {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local label = type(name) == "string" and ('"%s": '):format(name) or ""
    parts[#parts + 1] = inner .. label .. pretty(value[name], inner)
  end
  local first, last = value[1] and "[" or "{", value[1] and "]" or "}"
  return first .. "\n" .. table.concat(parts, ",\n") .. "\n" .. margin .. last
end

local function pretty_body(request)
  if request.body == "" then return nil end
  local value = core.decode(request.body)
  return value and pretty(safe(value), "") or safe(request.body)
end

local function show_request(request)
  local headers = {}
  for _, header in ipairs(request.headers) do headers[#headers + 1] = safe(header[1] .. ": " .. header[2]) end
  local first = ("%s %s HTTP/%s"):format(request.method, safe(request.uri), request.version)
  paper.message("→", first, headers, pretty_body(request))
end

-- The requests that have arrived since the last look, as they arrived; how many there were.
local function show_requests()
  local log = service:log()
  for i = seen + 1, #log do show_request(log[i]) end
  local count = #log - seen
  seen = #log
  return count
end

-- What the client tells of its answers.
local last_answer
local function on_event(event)
  if event.event == "response" then last_answer = event end
end

local function show_answer()
  paper.answer(("%s · %d bytes of JSON · %.1f ms · %s connection · request %s"):format(
    last_answer.status or "no answer", last_answer.bytes_received, last_answer.timings.total * 1000,
    last_answer.reused and "kept" or "new", last_answer.request_id or "none"))
end

-- A page as lines: headings, paragraphs, terms with what they mean, buttons.
local function read_page(html)
  local lines, buttons = {}, {}
  html = html:match("<main>(.*)</main>"):gsub("</?dl>", ""):gsub("</?form[^>]*>", "")
  for tag, inside in html:gmatch("<(%w+)[^>]*>(.-)</%1>") do
    local text = browser.text(inside)
    if tag == "button" then
      buttons[#buttons + 1] = "[ " .. text .. " ]"
    elseif tag == "dd" then
      lines[#lines] = lines[#lines] .. ": " .. text
    else
      lines[#lines + 1] = text
      if tag ~= "dt" then lines[#lines + 1] = "" end
    end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = table.concat(buttons, "  ")
  return lines
end

local FIRST = { "id", "name", "token", "valid", "disabled" }

-- The names of a table, the important ones first and tables last; how many more are empty.
local function order(value)
  local names, rank, empty = {}, {}, 0
  for i, name in ipairs(FIRST) do rank[name] = i end
  for name, entry in pairs(value) do
    if entry == "" or type(entry) == "table" and next(entry) == nil then
      empty = empty + 1
    else
      names[#names + 1] = name
    end
    rank[name] = type(entry) == "table" and 100 or rank[name] or 50
  end
  table.sort(names, function(a, b)
    if rank[a] ~= rank[b] then return rank[a] < rank[b] end
    return a < b
  end)
  return names, empty
end

local function add_rows(rows, value, margin)
  local names, empty = order(value)
  for _, name in ipairs(names) do
    local entry = value[name]
    rows[#rows + 1] = { margin .. name, type(entry) == "table" and "" or tostring(entry) }
    if type(entry) == "table" then add_rows(rows, entry, margin .. "  ") end
  end
  if empty > 0 then rows[#rows + 1] = { margin .. "…", ("%d more, empty"):format(empty) } end
end

-- An answer as a table.
local function show_table(value)
  local rows = {}
  add_rows(rows, safe(value), "")
  paper.columns(rows)
end

local function show_error(err, advice)
  paper.verdict(false, safe(tostring(err)))
  paper.gap()
  local rows = {}
  for _, name in ipairs { "kind", "outcome", "retryable", "status", "request_id", "error" } do
    if err[name] ~= nil then rows[#rows + 1] = { "err." .. name, safe(tostring(err[name])) } end
  end
  if err.missing and err.missing[1] then
    rows[#rows + 1] = { "err.missing", "{ " .. table.concat(err.missing, ", ") .. " }" }
  end
  rows[#rows + 1] = { "what to do", advice }
  paper.columns(rows)
end

-- Acting

local function app_options(more)
  local options = {
    api_key = service.api_key, api_secret = service.api_secret, callback_url = service.callback_url,
  }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

-- What the user does: opens the page, reads it, presses a button; the browser goes on to the callback.
local function visit(oauth_url, label, show)
  local page = assert(browser.open(oauth_url))
  local form = assert(browser.form(oauth_url, page.body), "the consent page has no form")
  for _, field in ipairs(form.fields) do hide(field[2]) end
  if show then
    show_requests()
    paper.gap()
    paper.frame(safe(read_page(page.body)))
    paper.gap()
  end
  local redirect = assert(browser.press(form, label))
  local callback = redirect.headers.location
  hide(callback:match("[?&]code=([^&]+)"))
  if show then
    show_requests()
    paper.answer(("%d  Location: %s"):format(redirect.status, safe(callback)))
    paper.gap()
  end
  assert(browser.open(callback))
  if show then show_requests() else seen = #service:log() end
  return callback:match("^https?://[^/]+(.*)$")
end

local function start()
  service = assert(sandbox.start {})
  for _, name in ipairs { "api_key", "api_secret", "user_secret", "organization_secret" } do
    hide(service[name])
  end
  hide(SIGNATURE_KEY)
  hide(STORE_KEY)
  return assert(sapanywhere.new {
    base_url = service.base_url, on_event = on_event,
    user_secret = service.user_secret, organization_secret = service.organization_secret,
  })
end

local function introduce()
  paper.title("sapanywhere " .. sapanywhere._VERSION .. ": the whole journey")
  paper.text("Everything below has just happened, over real HTTP, between the library and a local service "
    .. "that plays Cloud Elements and the consent page of SAP Anywhere. Arrows to the right are requests as "
    .. "they arrived there; secrets, codes and tokens are hidden by sapanywhere.redact.")
  paper.gap()
  paper.columns { { "service", service.base_url }, { "callback", service.callback_url } }
end

local function walk(client)
  paper.step(1, "Ask where to send the user", "client:oauth_url { … }")
  local auth = assert(client:oauth_url(app_options()))
  show_requests()
  show_answer()
  paper.gap()
  show_table(auth)

  paper.step(2, "The user allows it, in a browser", "a page, a press on Allow, a redirect")
  local request_uri = visit(auth.oauthUrl, "Allow", true)

  paper.step(3, "Read the callback", "sapanywhere.parse_callback(request_uri, { state = auth.state })")
  local grant = assert(sapanywhere.parse_callback(request_uri, { state = auth.state }))
  show_table(grant)

  paper.step(4, "Create the instance", "client:create_instance { … }")
  local instance = assert(client:create_instance(app_options {
    code = grant.code, name = "my shop", tags = { "eu" }, configuration = {
      ["event.notification.enabled"] = true, ["event.vendor.type"] = "webhook",
      ["event.notification.callback.url"] = service.callback_url,
      ["event.notification.signature.key"] = SIGNATURE_KEY,
    },
  }))
  hide(instance.token)
  hide(instance.configuration["oauth.user.token"])
  hide(instance.configuration["oauth.user.refresh_token"])
  show_requests()
  show_answer()
  paper.gap()
  show_table(instance)
  paper.gap()
  paper.verdict(true, ("instance %s is live; its token is what every later call needs"):format(instance.id))
  return grant, instance
end

-- Rows as lines, by some of their names.
local function show_rows(rows, names)
  local lines = {}
  for i, row in ipairs(rows) do
    local cells = {}
    for _, name in ipairs(names) do cells[#cells + 1] = tostring(row[name]) end
    lines[i] = { ("[%d]"):format(i), safe(table.concat(cells, "  ")) }
  end
  paper.columns(lines)
end

local function keep(instance)
  paper.title("The instance, used")
  paper.step(5, "Keep its token", 'store:put("my shop", instance)')
  local dir = os.tmpname()
  os.remove(dir)
  local store = assert(sapanywhere.store.file { path = dir .. "/shops", key = STORE_KEY })
  assert(store:put("my shop", instance))
  local entry = assert(store:get("my shop"))
  paper.columns {
    { "in the store", table.concat(assert(store:names()), ", ") }, { "its token", safe(entry.token) },
    { "the file", "sealed with AES-256-GCM; only its owner may read it" },
  }
  return store, dir
end

-- The service sends it after its answer.
local function wait_for_notification()
  for _ = 1, 200 do
    local deliveries = service:deliveries()
    if deliveries[1] and deliveries[1].signature then return deliveries[1] end
    sleep(0.05)
  end
end

local function use(client, store, instance)
  paper.step(6, "Ask for some customers", 'client:instance { token = store:token("my shop") }')
  local shop = assert(client:instance { token = store:token("my shop"), user_secret = service.user_secret })
  local rows = assert(shop.customers:list { where = { "stage = ? AND total > ?", "CUSTOMER", 1000 }, page_size = 3 })
  show_requests()
  show_answer()
  paper.gap()
  show_rows(rows, { "id", "customerName", "total" })

  paper.step(7, "Create an order, and read it back", "shop.orders:create { body = { … } }")
  local created = assert(shop.orders:create { body = {
    orderType = "SELL_ORDER", customer = { id = rows[1].id }, productLines = { { product = { id = 1 }, quantity = 2 } },
  } })
  assert(shop.orders:get { id = created.id })
  show_requests()
  show_answer()
  paper.gap()
  show_table(created)

  paper.step(8, "Read the notification of it", "reader:read { body = …, signature = … }")
  local sent = assert(wait_for_notification(), "no notification was sent")
  hide(sent.signature)
  local reader = assert(sapanywhere.webhook { key = SIGNATURE_KEY })
  local notice = assert(reader:read { body = sent.body, signature = sent.signature })
  local event = notice.events[1]
  paper.columns {
    { "signature", "sha256=…, right for these bytes and this key" },
    { "event", ("%s %s %s"):format(event.objectType, event.objectId, event.eventType) },
  }

  paper.step(9, "Let it rest, and delete it", "client:delete_instance { id = instance.id }")
  seen = #service:log()
  assert(client:disable_instance { id = instance.id, organization_secret = service.organization_secret })
  local _, resting = shop.orders:list {}
  assert(client:delete_instance { id = instance.id })
  assert(store:remove("my shop"))
  show_requests()
  paper.gap()
  paper.verdict(true, "while it rested: " .. safe(resting.message))
  paper.verdict(true, "deleted, and its token forgotten")
end

local function stumble(client, grant)
  paper.title("The three things that go wrong most")

  paper.step(10, "The user says no", "sapanywhere.parse_callback(request_uri, { state = auth.state })")
  local auth = assert(client:oauth_url(app_options()))
  local request_uri = visit(auth.oauthUrl, "Deny", false)
  local _, denied = sapanywhere.parse_callback(request_uri, { state = auth.state })
  paper.columns { { "callback", safe(request_uri) } }
  paper.gap()
  show_error(denied, "tell the user, and offer to try again from step 1")

  paper.step(11, "Entries are missing, one is mistyped", 'client:create_instance { name = …, tag = … }')
  local _, usage = client:create_instance {
    callback_url = service.callback_url, name = "my shop", tag = { "eu" },
  }
  show_error(usage, "mend the call; all its mistakes are listed at once")
  paper.gap()
  paper.verdict(show_requests() == 0, "nothing was sent")

  paper.step(12, "A code is used twice", "client:create_instance { code = grant.code, … }")
  local _, used = client:create_instance(app_options {
    code = grant.code, name = "my shop", tags = { "eu" },
  })
  paper.text("→ POST /elements/api-v2/instances, with the same headers and the same body as in step 4")
  show_answer()
  paper.gap()
  show_error(used, "a code works once: begin again at step 1 for a new one")
end

local function main()
  local client = start()
  introduce()
  service:seed { customers = 200, products = 20 }
  local grant, instance = walk(client)
  local store, dir = keep(instance)
  local ok, problem = pcall(use, client, store, instance)
  os.execute("rm -rf '" .. dir .. "'")
  if not ok then error(problem, 0) end
  stumble(client, grant)
  client:close()
end

local ok, problem = pcall(main)
if service then service:stop() end
if not ok then
  io.stderr:write("the demo did not get to its end: ", safe(tostring(problem)), "\n")
  os.exit(1)
end
paper.title("Done")
paper.text("The local service is stopped and nothing of it is left. README.md goes on from here.")
paper.gap()
