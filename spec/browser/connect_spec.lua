-- `sapanywhere connect` with a real browser: the sandbox's consent page, and the pages that the listener shows.
--
-- PICTURES=docs has pictures of both kept there.

local command = require "support.command"
local sapanywhere = require "sapanywhere"
local services = require "support.service"
local socket = require "socket"
local webdriver = require "support.webdriver"

local TAB, ENTER = "\238\128\132", "\238\128\135"
local PICTURES = os.getenv "PICTURES"

describe("connect in a browser", function()
  local service, home, browser

  setup(function() service = services.start { host_names = { "far.example" } } end)
  teardown(function() service:stop() end)

  before_each(function()
    browser = webdriver.start()
    home = command.home()
    home.variables = {
      SAPANYWHERE_BASE_URL = service.base_url, SAPANYWHERE_API_KEY = service.api_key,
      SAPANYWHERE_API_SECRET = service.api_secret, SAPANYWHERE_USER_SECRET = service.user_secret,
      SAPANYWHERE_ORGANIZATION_SECRET = service.organization_secret,
      SAPANYWHERE_CALLBACK_URL = "http://127.0.0.1:0/callback",
    }
    command.write(home:path "browser", ("#!/bin/sh\necho \"$1\" >%s\n"):format(home:path "opened"))
    os.execute("chmod 755 " .. home:path "browser")
  end)
  after_each(function()
    browser:stop()
    home:remove()
  end)

  -- Starts the command, whose $BROWSER hands the address over to the driven one.
  local function start(arguments)
    local running = home:start("connect " .. (arguments or "--timeout 60"), {
      environment = { BROWSER = home:path "browser" },
    })
    for _ = 1, 200 do
      local address = command.read(home:path "opened"):match("^(%S+)\n")
      if address then return running, address end
      socket.sleep(0.05)
    end
    error("no browser was opened: " .. running:err())
  end

  local function names()
    return assert(sapanywhere.store.file { path = home:path "data/sapanywhere/shops" }:names())
  end

  it("connects where Allow is clicked", function()
    local running, address = start()
    assert(browser:open(address))
    assert.equal("Allow access to SAP Anywhere?", browser:text "h1")
    browser:click "button.allow"
    assert.equal("Connected", browser:text "h1")
    assert.matches("The shop is connected, and your terminal knows it.", browser:text "main", 1, true)
    assert.equal(0, running:wait())
    assert.same({ "my shop" }, names())
  end)

  it("says so where Deny is clicked", function()
    local running, address = start()
    browser:open(address)
    browser:click "button.deny"
    assert.equal("Access denied", browser:text "h1")
    assert.equal(5, running:wait())
    assert.same({}, names())
  end)

  it("is done with the keyboard alone", function()
    local running, address = start()
    browser:open(address)
    browser:press(TAB)
    assert.equal("Allow", browser:evaluate "return document.activeElement.textContent")
    browser:press(ENTER)
    assert.equal(0, running:wait())
    assert.equal("Connected", browser:text "h1")
  end)

  it("gives up where the browser is closed", function()
    local running, address = start "--timeout 3"
    browser:open(address)
    browser:close_window()
    assert.equal(6, running:wait())
    assert.matches("nobody has come back within 3 seconds", running:err(), 1, true)
  end)

  it("leaves nobody with a page that pretends, when the time has run out", function()
    local running, address = start "--timeout 2"
    browser:open(address)
    assert.equal(6, running:wait())
    pcall(browser.click, browser, "button.allow") -- the driver may report that the page it leads to is not there
    assert.matches("^http://127%.0%.0%.1:%d+/callback", browser:url())
    assert.is_nil(browser:evaluate("return document.body.textContent"):find("Connected", 1, true))
    assert.same({}, names())
  end)

  it("says which address works where the first was opened twice", function()
    local running, address = start()
    browser:open(address)
    browser:open(address)
    assert.equal("Opened before", browser:text "h1")
    browser:open(running:wait_for("\n(http://127.0.0.1:%d+/%x+)\n"))
    browser:click "button.allow"
    assert.equal("Connected", browser:text "h1")
    assert.equal(0, running:wait())
  end)

  it("is not ended by another page that calls the listener", function()
    local running, address = start()
    local port = address:match(":(%d+)/")
    browser:open(service.callback_url)
    browser:evaluate(("const i = new Image(); i.src = 'http://127.0.0.1:%s/callback?error=access_denied'; "
      .. "document.body.append(i);"):format(port))
    socket.sleep(0.5)
    assert.is_nil(running:code())
    browser:open(address)
    browser:click "button.allow"
    assert.equal(0, running:wait())
  end)

  it("takes the address that the page of another callback shows", function()
    local callback_url = service.callback_url:gsub("127%.0%.0%.1", "far.example") -- which the driven browser finds here
    local running = home:start("connect --no-browser --timeout 60 --callback-url " .. callback_url)
    browser:open(running:wait_for("\n(http://127.0.0.1:%d+/sbo/[^\n]+)\n"))
    browser:click "button.allow"
    assert.equal("Access allowed", browser:text "h1")
    running:type(browser:text "code.address" .. "\n")
    assert.equal(0, running:wait())
    assert.same({ "my shop" }, names())
  end)

  describe("has a page", function()
    local SIZES = {
      consent = { phone = { 360, 700 }, desk = { 720, 560 } },
      connected = { phone = { 360, 360 }, desk = { 720, 320 } },
    }

    -- What is darker: the ground or the text.
    local BRIGHTNESS = [[
      const of = color => color.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
      const ground = getComputedStyle(document.documentElement).backgroundColor;
      return of(getComputedStyle(document.querySelector("h1")).color) - of(ground);]]

    local function look_at(name)
      for size, pixels in pairs(SIZES[name]) do
        for shade, is_dark in pairs { light = false, dark = true } do
          browser:set_size(pixels[1], pixels[2])
          browser:set_dark(is_dark)
          assert.is_true(browser:evaluate "return document.documentElement.scrollWidth <= innerWidth", size)
          assert.equal(is_dark, browser:evaluate(BRIGHTNESS) > 0, shade)
          assert.equal("en", browser:evaluate "return document.documentElement.lang")
          assert.equal(1, browser:evaluate "return document.querySelectorAll('main h1').length")
          assert.equal(0, browser:evaluate "return document.scripts.length")
          if PICTURES then browser:picture(("%s/%s-%s-%s.png"):format(PICTURES, name, size, shade)) end
        end
      end
    end

    it("of consent, and a last one, for phones and for the dark", function()
      local running, address = start()
      browser:open(address)
      look_at "consent"
      browser:click "button.allow"
      assert.equal(0, running:wait())
      look_at "connected"
    end)
  end)
end)
