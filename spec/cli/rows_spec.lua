-- What is in a shop and in the account, as the command shows it: JSON lines where a program reads, tables for people.

local cjson = require "cjson"
local child = require "support.child"
local command = require "support.command"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local terminal = require "sapanywhere.cli.base.terminal"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

describe("the command", function()
  local service, home, instance, client

  setup(function()
    service = services.start {}
    client = service:client {}
  end)
  teardown(function() service:stop() end)

  before_each(function()
    home = command.home()
    home.variables = {
      SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_USER_SECRET = service.user_secret,
      SAPANYWHERE_ORGANIZATION_SECRET = service.organization_secret,
    }
    service:seed { customers = 60, orders = 5, products = 3 }
    instance = assert(client:create_instance(service:creating { name = "my shop", tags = { "eu" } }))
    assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" }:put("my shop", instance))
  end)
  after_each(function()
    client:delete_instance {
      id = instance.id, user_secret = service.user_secret, organization_secret = service.organization_secret,
    }
    home:remove()
  end)

  local function rows_of(said)
    local rows = {}
    for line in said.out:gmatch("[^\n]+") do rows[#rows + 1] = cjson.decode(line) end
    return rows
  end

  local function run(arguments, how) return home:run(arguments, how) end

  it("lists rows, one JSON object a line, names sorted", function()
    local said = run "customers list --limit 3"
    assert.same({ 0, "" }, { said.code, said.err })
    local rows = rows_of(said)
    assert.equal(3, #rows)
    assert.same({ 1, 2, 3 }, { rows[1].id, rows[2].id, rows[3].id })
    local names, sorted = {}, {}
    for name in said.out:match("^[^\n]*"):gmatch('[{,]"(%w+)":') do
      names[#names + 1], sorted[#sorted + 1] = name, name
    end
    table.sort(sorted)
    assert.same(sorted, names)
  end)

  it("says where there is more than the first 25, and gives all", function()
    local said = run "customers list"
    assert.equal(25, #rows_of(said))
    assert.matches("the first 25; more with --limit N, or --all", said.err, 1, true)
    said = run "customers list --all"
    assert.equal(60, #rows_of(said))
    assert.equal("", said.err)
  end)

  it("filters, chooses and orders", function()
    local rows = rows_of(run [[customers list --where "stage = 'CUSTOMER'" --fields id,stage --all]])
    assert(#rows > 1 and #rows < 60)
    for _, row in ipairs(rows) do
      assert.equal("CUSTOMER", row.stage)
      assert.is_nil(row.email)
    end
    assert.equal(60, rows_of(run "customers list --order-by 'id desc' --limit 1")[1].id)
  end)

  it("gets only the fields that are chosen", function()
    local row = rows_of(run "customers get 2 --fields id,total")[1]
    assert.same({ id = 2, total = row.total }, row)
    assert.equal("number", type(row.total))
  end)

  it("gets, counts, creates, changes, deletes", function()
    assert.equal("P0000002", rows_of(run "products get 2")[1].code)
    assert.equal(60, rows_of(run "customers count")[1].count)
    local body = '{"orderType":"SELL_ORDER","productLines":[],"customer":{"id":1}}'
    local made = rows_of(run("orders create --data '" .. body .. "'"))[1]
    assert.equal(6, made.id)
    command.write(home:path "data.json", '{"status":"DONE"}')
    assert.equal("DONE", rows_of(run("orders update 6 --data @" .. home:path "data.json"))[1].status)
    assert.equal("OPEN", rows_of(run("orders update 6 --data @-", { input = '{"status":"OPEN"}' }))[1].status)
    local said = run "orders delete 6"
    assert.same({ 2, "" }, { said.code, said.out })
    assert.matches("give --yes", said.err, 1, true)
    assert.equal("deleted", rows_of(run "orders delete 6 --yes")[1].done)
    assert.equal(4, run("orders get 6").code)
  end)

  it("refuses data that is no JSON", function()
    for _, data in ipairs { "{", "@/nowhere" } do
      local said = run("orders create --data '" .. data .. "'")
      assert.same({ 2, "" }, { said.code, said.out })
      assert.matches("--data: ", said.err, 1, true)
    end
  end)

  it("shows instances without secrets, and a token where it is asked for", function()
    local said = run "instances"
    assert.equal(instance.id, rows_of(said)[1].id)
    local shown = run(("instances show %d"):format(instance.id))
    for _, text in ipairs { said.out, shown.out } do
      assert.matches('"token":"[hidden]"', text, 1, true)
      assert.is_nil(text:find(instance.token, 1, true))
    end
    local told = run(("instances show %d --token"):format(instance.id))
    assert.equal(instance.token, rows_of(told)[1].token)
  end)

  it("finds, changes, disables, enables and deletes instances", function()
    local id = ("%d"):format(instance.id)
    assert.equal(1, #rows_of(run "instances list --tag eu --search shop"))
    assert.equal(0, #rows_of(run "instances list --tag nowhere"))
    local changed = rows_of(run("instances update " .. id .. " --name other --set a.b=c=d --tag us"))[1]
    assert.equal("other", changed.name)
    assert.equal("c=d", changed.configuration["a.b"])
    assert.same({ "us" }, changed.tags)
    assert.equal("disabled", rows_of(run("instances disable " .. id))[1].done)
    assert.equal(3, run("customers count").code)
    assert.equal("enabled", rows_of(run("instances enable " .. id))[1].done)
    assert.equal(0, run("customers count").code)
    assert.equal(2, run("instances delete " .. id).code)
    assert.equal("deleted", rows_of(run("instances delete " .. id .. " --yes"))[1].done)
    local said = run "customers count"
    assert.equal(4, said.code)
    assert.matches("no shop is connected", said.err, 1, true)
  end)

  it("sends any request, as the shop and as the account", function()
    local rows = rows_of(run "request GET /hubs/ecommerce/customers --query pageSize=2")
    assert.equal(2, #rows)
    local body = '{"orderType":"SELL_ORDER","productLines":[],"customer":{"id":1}}'
    assert.equal(6, rows_of(run("request post /hubs/ecommerce/orders --data '" .. body .. "'"))[1].id)
    assert.equal(instance.id, rows_of(run "request GET /instances --account")[1].id)
    assert.equal(4, run("request GET /nothing").code)
    assert.equal(2, run("request GET /x --header 'Authorization: mine'").code)
    assert.equal(2, run("request GET /x --query nothing").code)
  end)

  it("exports all rows into a file, or leaves none", function()
    for format, pattern in pairs { json = '"customerName"', csv = "C0000060" } do
      local path = home:path("rows." .. format)
      local said = run(("bulk export customers --to %s --format %s"):format(path, format))
      assert.equal(0, said.code, said.err)
      assert.matches(pattern, command.read(path), 1, true)
      assert.same({ path, #command.read(path) }, { rows_of(said)[1].path, rows_of(said)[1].bytes })
    end
    local said = run "bulk export customers --to /nowhere/rows"
    assert.same({ 1, "" }, { said.code, said.out })
  end)

  it("asks which shop is meant, where there are several", function()
    assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" }:put("other", instance))
    local said = run "customers count"
    assert.equal(2, said.code)
    assert.matches('there are 2 shops\nwhat to do: choose one with --shop: "my shop", "other"', said.err, 1, true)
    assert.equal(0, run("customers --shop other count").code)
    assert.equal(0, run("customers count --shop other").code)
    assert.equal(4, run("customers --shop third count").code)
  end)

  it("seals the tokens where a key is set, and needs it from then on", function()
    local key = ("k"):rep(32)
    os.remove(home:path "data/sapanywhere/shops")
    assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops", key = key }:put("sealed", instance))
    assert.equal(0, run("customers count", { environment = { SAPANYWHERE_STORE_KEY = key } }).code)
    local said = run "customers count"
    assert.equal(1, said.code)
    assert.matches("store: ", said.err, 1, true)
    assert.matches("what to do: look at the file's owner and mode, and at store_key", said.err, 1, true)
  end)

  it("shows with --verbose what goes over the wire", function()
    local said = run "--verbose customers count"
    assert.matches("> GET http://127.0.0.1:%d+/elements/api%-v2/hubs/ecommerce/customers/count", said.err)
    assert.matches("\n< 200, %d+ bytes, %d+ ms, request %x+\n", said.err)
    assert.is_nil(said.err:find(instance.token, 1, true))
  end)

  for status, code in pairs { [401] = 3, [403] = 3, [404] = 4, [409] = 4, [429] = 7, [500] = 7, [418] = 1 } do
    it(("ends with %d after a %d"):format(code, status), function()
      local url = service:url { status = status, ["header.Retry-After"] = "9999" }
      local said = run("customers get 1", { environment = {
        SAPANYWHERE_BASE_URL = url, SAPANYWHERE_TIMEOUT = "3",
      } })
      assert.same({ code, "" }, { said.code, said.out })
    end)
  end

  it("ends with 6 where nobody answers, and with 8 where a change may have been made", function()
    local how = { environment = { SAPANYWHERE_BASE_URL = service.refused_url, SAPANYWHERE_TIMEOUT = "1" } }
    assert.equal(6, run("customers count", how).code)
    how.environment.SAPANYWHERE_BASE_URL = service:url { act_then_die = true }
    local said = run("products delete 1 --yes", how)
    assert.equal(8, said.code)
    assert.matches("what to do: it may have been done: look before you do it again", said.err, 1, true)
  end)

  describe("on a terminal", function()
    local has_terminal = child.has_terminal()

    local function lines_of(arguments, columns, environment)
      local lines = {}
      local said = run(arguments, { columns = columns, environment = environment })
      for line in said.out:gmatch("[^\n]+") do lines[#lines + 1] = line:gsub("\27%[[%d;]*m", "") end
      return lines, said
    end

    local WHERE = { [80] = { "id  customerName  status", 4 }, [40] = { "id  customerName  status", 4 } }

    for columns, expected in pairs(WHERE) do
      it(("shows a table that fits %d columns"):format(columns), function()
        if not has_terminal then return pending "no terminal" end
        local lines = lines_of("customers list --limit 3", columns)
        assert.equal(expected[2], #lines)
        assert.equal(expected[1], lines[1]:sub(1, #expected[1]))
        assert.matches("^ 2  Chloé O'Hara  INACTIVE", lines[3])
        for _, line in ipairs(lines) do assert(terminal.columns(line) <= columns, line) end
      end)

      it(("shows one object in %d columns"):format(columns), function()
        if not has_terminal then return pending "no terminal" end
        local lines = lines_of("orders get 1", columns)
        assert.matches("^id +1$", lines[1])
        assert.matches("^orderNumber +SO0000001$", lines[2])
        assert.truthy(table.concat(lines, "\n"):find("\ncustomer\n  id +%d+\n"))
        for _, line in ipairs(lines) do assert(terminal.columns(line) <= columns, line) end
      end)
    end

    it("shows ASCII only with LC_ALL=C", function()
      if not has_terminal then return pending "no terminal" end
      local _, said = lines_of("customers list --limit 3", 80, { LC_ALL = "C" })
      assert.is_nil(said.out:find("[\128-\255]"))
      assert.matches("Chlo? O'Hara", said.out, 1, true)
      _, said = lines_of("doctor", 40, { LC_ALL = "C" })
      assert.is_nil(said.out:find("[\128-\255]"))
      assert.matches("ok service: ", said.out:gsub("\27%[[%d;]*m", ""), 1, true)
    end)

    it("has colours, but for NO_COLOR", function()
      if not has_terminal then return pending "no terminal" end
      local _, said = lines_of("customers list --limit 1", 80)
      assert.matches("^\27%[1mid", said.out)
      _, said = lines_of("customers list --limit 1", 80, { NO_COLOR = "1" })
      assert.is_nil(said.out:find("\27", 1, true))
    end)

    it("prints JSON with --json, and a number alone for a count", function()
      if not has_terminal then return pending "no terminal" end
      assert.equal('{"count":60}', lines_of("--json customers count", 80)[1])
      assert.equal("60", lines_of("customers count", 80)[1])
    end)

    it("asks before it deletes", function()
      if not has_terminal then return pending "no terminal" end
      local said = run("products delete 2", { columns = 80, input = "n\n" })
      assert.equal(1, said.code)
      assert.matches("Delete products 2 of the shop for good? [y/N]", said.out, 1, true)
      said = run("products delete 2", { columns = 80, input = "y\n" })
      assert.equal(0, said.code)
      assert.equal(4, run("products get 2").code)
    end)

    it("asks nobody where nobody is, and deletes nothing", function()
      for _, arguments in ipairs { "products delete 2", "instances delete " .. instance.id } do
        local said = run(arguments, { input = "y\n" })
        assert.equal(2, said.code)
        assert.matches("There is nobody to ask here\nwhat to do: give --yes\n", said.err, 1, true)
      end
      assert.equal(0, run("products get 2").code)
    end)

    it("draws a bar of what a download brings, and clears it away", function()
      if not has_terminal then return pending "no terminal" end
      local how = { columns = 80, environment = { SAPANYWHERE_BASE_URL = service:url { job_bytes = 5e7 } } }
      local said = run("bulk export orders --to " .. home:path "rows.json", how)
      assert.equal(0, said.code)
      assert.matches("the platform collects the rows: ", said.out, 1, true)
      assert.matches("%d[%d.]* %a+, [%d.]+ [KMG]iB/s", said.out)
      assert.truthy(said.out:find("█", 1, true) or said.out:find("░", 1, true))
      assert.matches("\r +\r" .. home:path "rows.json":gsub("%p", "%%%0") .. ": 47%.7 MiB\n$", said.out)
    end)

    it("shows a long value whole, on as many lines as it needs", function()
      if not has_terminal then return pending "no terminal" end
      local lines = lines_of(("instances show %d"):format(instance.id), 40)
      local text = table.concat(lines, "\n"):gsub("\n +", "")
      assert.matches("https://app1-us.sapanywhere.com/sbo/oauth2/authorize", text, 1, true)
      for _, line in ipairs(lines) do assert(terminal.columns(line) <= 40, line) end
    end)

    it("warns where it shows a token", function()
      if not has_terminal then return pending "no terminal" end
      local lines = lines_of(("instances show %d --token"):format(instance.id), 120)
      assert.matches("whoever has this token and your user secret can read and change the shop", lines[1], 1, true)
      assert.equal(instance.token, lines[2])
    end)

    it("shows no control characters, and none that turn the text round", function()
      if not has_terminal then return pending "no terminal" end
      local body = [[{"orderType":"SELL_ORDER","productLines":[],"customer":{"id":1},]]
        .. [["note":"a\u001b[31m\u202eb\u009bc"}]]
      run("orders create --data '" .. body .. "'")
      local _, said = lines_of("orders get 6 --fields id,note", 80, { NO_COLOR = "1" })
      assert.matches("note +a %[31m b c", said.out)
    end)
  end)
end)
