--- What may be shown: copies of values and texts without what is secret in them.
--
-- Hides by name (an entry of a table, a parameter of a URL, a member of JSON text, an element or attribute of XML, a
-- header line) and by value (the secrets of the call, in any encoding). A state stays visible: it travels through the
-- browser. The work is done in hide/.

local texts = require "sapanywhere.hide.text"
local values = require "sapanywhere.hide.values"

return {
  text = texts.text, line = texts.line, visible = texts.visible, is_sensitive = texts.is_sensitive,
  copy = values.copy, secrets = values.secrets,
}
