--- The provider's side of OAuth: the page where a user allows or denies, and the redirect that follows.
-- A code is kept with the callback URL and the key it was issued for; each form can be sent once.
-- @module sapanywhere.sandbox.consent

local answers = require "sapanywhere.sandbox.service.answers"
local documented = require "sapanywhere.sandbox.service.documented"
local page = require "sapanywhere.sandbox.service.page"
local random = require "sapanywhere.sandbox.service.random"
local url = require "sapanywhere.sandbox.service.url"

local consent = {}

--- Where the page stands.
consent.path = "/sbo/oauth2/authorize"

--- Lets the provider know a callback URL, as registering an app does.
-- @tparam table store
-- @tparam string callback_url
function consent.register(store, callback_url)
  if not store:get("callbacks", callback_url) then store:put("callbacks", callback_url, {}) end
end

local function sample_client_id(settings, asked)
  local query = url.build_query { { "apiKey", settings.api_key }, { "apiSecret", settings.api_secret } }
  return asked.origin .. "/elements/api-v2/elements/" .. documented.key .. "/oauth/url?" .. query
    .. "&callbackUrl=" .. asked.callback_url .. "&state=" .. (asked.state or "") .. "_client_id"
end

--- Makes the address of the page.
-- @tparam table settings
-- @tparam table asked `origin`, `callback_url`, and perhaps `scope` and `state`
-- @treturn string
function consent.url(settings, asked)
  local pairs = {
    { "scope", asked.scope or documented.scope },
    { "response_type", "code" },
    { "redirect_uri", asked.callback_url },
  }
  if asked.state then table.insert(pairs, { "state", asked.state }) end
  local client_id = url.encode(settings.api_key)
  if settings.client_id_as == "url" then client_id = sample_client_id(settings, asked) end
  return asked.origin .. consent.path .. "?" .. url.build_query(pairs) .. "&client_id=" .. client_id
end

local function first(values, name)
  return values[name] and values[name][1]
end

local function read_client_id(values)
  local id = first(values, "client_id") or ""
  return id:match("^https?://[^?]*%?apiKey=(.*)$") or id
end

--- Reads and checks what the page is asked for.
-- @tparam table settings
-- @tparam table store
-- @tparam string query
-- @treturn[1] table `{ callback_url, state, scope }`
-- @return[2] nil
-- @treturn[2] string a sentence that says what is wrong
function consent.read(settings, store, query)
  local values = url.parse_query(query)
  if not values then return nil, "The address is malformed." end
  local callback_url = first(values, "redirect_uri") or ""
  if read_client_id(values) ~= settings.api_key then
    return nil, "No application is known by this client id."
  end
  if not store:get("callbacks", callback_url) then
    return nil, "The callback address is not one that this application has asked with."
  end
  if first(values, "response_type") ~= "code" then return nil, "The response type must be \"code\"." end
  local scope = first(values, "scope") or documented.scope
  return { callback_url = callback_url, state = first(values, "state"), scope = scope }
end

local function refuse(message)
  return answers.noted(page.make(400, "This request cannot be granted", "<p role=\"alert\">" .. page.escape(message)
    .. "</p>\n<p class=\"aside\">Go back to the application and start again there.</p>"), message)
end

local form = [[
<p>The application <strong>%s</strong> asks for access to your SAP Anywhere account.</p>
<dl>
<dt>What it wants to do</dt><dd>%s</dd>
<dt>Where your answer is sent</dt><dd><code>%s</code></dd>
</dl>
<form class="choice" method="post" action="%s">
<input type="hidden" name="form" value="%s">
<button class="allow" type="submit" name="decision" value="allow">Allow</button>
<button class="deny" type="submit" name="decision" value="deny">Deny</button>
</form>
<p class="aside">This is a local sandbox: there is no real account behind it.</p>]]

-- The scope as people read it.
local function describe_scope(scope)
  local said = page.escape(scope)
  if scope == documented.scope then return "Read and change business data (<code>" .. said .. "</code>)" end
  return "<code>" .. said .. "</code>"
end

--- Shows the page.
-- @tparam table settings
-- @tparam table store
-- @tparam table request
-- @treturn table an answer
function consent.show(settings, store, request)
  local asked, problem = consent.read(settings, store, request.query)
  if not asked then return refuse(problem) end
  local token, escape = random.hex(32), page.escape
  store:put("forms", token, asked)
  return page.make(200, "Allow access to SAP Anywhere?", form:format(
    escape(settings.api_key), describe_scope(asked.scope), escape(asked.callback_url), consent.path, token))
end

--- Grants or denies, and tells where that leads.
-- @tparam table store
-- @tparam table asked from `read`
-- @tparam boolean allowed
-- @treturn string the callback URL with `code` and `state`, or with `error` and `state`
function consent.decide(store, asked, allowed)
  local pairs
  if allowed then
    local code = random.hex(40)
    store:put("codes", code, { callback_url = asked.callback_url, scope = asked.scope })
    pairs = { { "code", code } }
  else
    pairs = { { "error", "access_denied" } }
  end
  if asked.state then table.insert(pairs, { "state", asked.state }) end
  return url.append_query(asked.callback_url, pairs)
end

--- Takes the form.
-- @param _ the settings, which it does not need
-- @tparam table store
-- @tparam table request
-- @treturn table an answer
function consent.submit(_, store, request)
  local values = url.parse_query(request.body) or {}
  local token, decision = first(values, "form") or "", first(values, "decision")
  if decision ~= "allow" and decision ~= "deny" then return refuse("The form holds no decision.") end
  local asked = store:get("forms", token)
  if not asked or not store:claim("forms", token, random.hex(32)) then
    return refuse("This form has been sent before, or was never shown.")
  end
  local target = consent.decide(store, asked, decision == "allow")
  return { status = 302, headers = { { "Location", target }, { "Cache-Control", "no-store" } }, body = "" }
end

local endings = {
  { "code", "Access allowed", "The application has received its code. You can close this page." },
  { "error", "Access denied", "The application has been told that access was denied. You can close this page." },
  { nil, "Nothing received", "The address of this page holds neither a code nor an error." },
}

local pasting = [[
<p>%s</p>
<p id="pasting">If a program waits for you to paste where you were sent, copy the address of this page first. One
click selects it:</p>
<code class="address" role="textbox" aria-readonly="true" aria-labelledby="pasting" tabindex="0">%s</code>]]

--- A page that plays the application's own callback, for where there is none. A callback elsewhere shows a page of
-- its own.
-- @tparam table request
-- @treturn table an answer
function consent.callback(request)
  local values = url.parse_query(request.query) or {}
  for _, ending in ipairs(endings) do
    if not ending[1] then return page.make(200, ending[2], "<p>" .. ending[3] .. "</p>") end
    if values[ending[1]] then
      local address = request.origin .. request.path .. "?" .. request.query
      return page.make(200, ending[2], pasting:format(ending[3], page.escape(address)))
    end
  end
end

return consent
