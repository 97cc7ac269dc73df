if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["hpc.qingcloud.com/paused"] = "true"
return obj
