-- What is done about a notification: yours goes here. It runs in a timer, when the platform has its answer.
--
-- A worker that is told to end runs it as well (`premature` is true then), so that nothing is lost by a reload. What
-- must survive a crash belongs into a queue; what was missed can be asked of the platform, at /instances/events.

return function(premature, notification)
  for _, event in ipairs(notification.events) do
    ngx.log(ngx.NOTICE, "instance ", notification.instance_id, ": ", event.objectType, " ", event.objectId, " ",
      event.eventType, premature and " (at the end)" or "")
  end
end
