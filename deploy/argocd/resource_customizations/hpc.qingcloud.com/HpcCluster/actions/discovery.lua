-- Which actions are offered: pause or resume, whichever is not so already.
local annotations = (obj.metadata or {}).annotations or {}
local no_pause = { [""] = true, ["false"] = true, ["False"] = true, ["FALSE"] = true }
local mark = annotations["hpc.qingcloud.com/paused"]
local paused = mark ~= nil and not no_pause[mark]

return {
  ["look-now"] = { displayName = "Look now", iconClass = "fa fa-fw fa-sync" },
  ["pause"] = { displayName = "Pause changes", iconClass = "fa fa-fw fa-pause", disabled = paused },
  ["resume"] = { displayName = "Resume changes", iconClass = "fa fa-fw fa-play", disabled = not paused },
}
