--- What the API documents an SAP Anywhere element and a fresh instance of it to look like, in the
-- documented order.
-- @module sapanywhere.sandbox.documented

local json = require "sapanywhere.sandbox.service.json"

local documented = {}

--- The element's key and number, which an address may use alike.
documented.key = "sapanywhere"
documented.id = 2198

--- The scope that is asked for where the client names none.
documented.scope = "BusinessData_RW"

--- The element, as every instance carries it.
documented.element = json.object {
  { "id", documented.id },
  { "name", "SAP Anywhere" },
  { "key", documented.key },
  { "description", "Add an SAP Anywhere Instance to connect your existing SAP Anywhere account to the "
    .. "eCommerce Hub, allowing you to manage customers, orders and products across multiple eCommerce "
    .. "Elements. You will need your SAP Anywhere account information to add an instance." },
  { "image", "elements/provider_sapanywhere.png" },
  { "active", true },
  { "deleted", false },
  { "typeOauth", false },
  { "trialAccount", false },
  { "resources", json.list {} },
  { "private", false },
}

--- The configuration of an instance whose creator gave none; `false` marks what comes from the instance
-- itself.
documented.configuration = {
  { "base.url", "https://api-us.sapanywhere.com/v1/" },
  { "bulk.add_metadata", json.null },
  { "event.notification.subscription.id", json.null },
  { "sapanywhere.hooks.ordersupdated.id", "" },
  { "sapanywhere.hooks.productsdeleted.id", "" },
  { "event.vendor.type", "webhooks" },
  { "filter.response.nulls", "true" },
  { "bulk.query.date_mask", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'" },
  { "bulk.attribute.created_time", "creationTime" },
  { "sapanywhere.hooks.customersupdated.id", "" },
  { "bulk.relations", json.null },
  { "pagination.type", "offset" },
  { "sapanywhere.hooks.productsupdated.id", "" },
  { "oauth.callback.url", false },
  { "oauth.user.refresh_token", false },
  { "oauth.user.refresh_interval", "43199" },
  { "oauth.api.key", false },
  { "sapanywhere.hooks.orderscancelled.id", "" },
  { "event.notification.enabled", "false" },
  { "oauth.api.secret", false },
  { "bulk.query.field_name", "creationTime" },
  { "oauth.token.url", "https://app1-us.sapanywhere.com/sbo/oauth2/token" },
  { "pagination.max", "100" },
  { "sapanywhere.hooks.ordersadded.id", "" },
  { "sapanywhere.hooks.customersadded.id", "" },
  { "oauth.scope", documented.scope },
  { "sapanywhere.hooks.customersdeleted.id", "" },
  { "oauth.user.token", false },
  { "bulk.query.operator", ">=" },
  { "sapanywhere.hooks.ordersdeleted.id", "" },
  { "oauth.authorization.url", "https://app1-us.sapanywhere.com/sbo/oauth2/authorize" },
  { "bulk.query.download_format", "JSON" },
  { "event.notification.instance.finder", "" },
  { "event.notification.callback.url", "false" },
  { "sapanywhere.hooks.productsadded.id", "" },
  { "oauth.user.refresh_time", "147931541" },
  { "oauth.basic.header", "true" },
}

local function vendor_object(name, vendor_name)
  return json.object { { "name", name }, { "vendorName", vendor_name }, { "type", "vendor" } }
end

--- The objects of the element, as they come with an instance that is asked to retrieve them.
documented.objects = json.list {
  vendor_object("customers", "Customers"),
  vendor_object("orders", "SalesOrders"),
  vendor_object("products", "Products"),
}

--- What a refused Authorization header is answered with.
documented.unauthorized = "Invalid Organization or User secret, or invalid Element token provided."

--- What a creation without a code is answered with.
documented.missing_code = "You must provide an OAuth code in order to create an instance of this element"

return documented
