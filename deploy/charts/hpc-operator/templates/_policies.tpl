{{/* The name of a policy and of its binding. Both are cluster-wide: two releases must not meet. (dict "root" $ "what" …) */}}
{{- define "hpc-operator.policyName" -}}
{{ .what }}.{{ include "hpc-operator.fullname" .root }}.{{ .root.Release.Namespace }}
{{- end -}}

{{- define "hpc-operator.policyHead" }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "hpc-operator.policyName" . }}
  labels: {{- include "hpc-operator.labels" .root | nindent 4 }}
{{- end -}}

{{- define "hpc-operator.policyBinding" }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ include "hpc-operator.policyName" . }}
  labels: {{- include "hpc-operator.labels" .root | nindent 4 }}
spec:
  policyName: {{ include "hpc-operator.policyName" . }}
  validationActions: [Deny]
{{- end -}}

{{/* Continues a binding: only in the namespaces that this release serves, so that another's operator is let alone. */}}
{{- define "hpc-operator.servedNamespaces" -}}
{{- with .Values.scope.namespaces }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- end -}}

{{/* Writes of HpcClusters, without the subresources. The version is named, since nothing is type-checked under "*"; requests
in other versions are converted to it. */}}
{{- define "hpc-operator.clusterWrites" }}
  matchConstraints:
    resourceRules:
      - apiGroups: [hpc.qingcloud.com]
        apiVersions: [v1alpha1]
        operations: [CREATE, UPDATE]
        resources: [hpcclusters]
{{- end -}}

{{/* Annotations before and after; and whether the writer has the verb adopt. A created object has its name by now, a
generated one too. */}}
{{- define "hpc-operator.orderVariables" }}
    - name: before
      expression: "oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})"
    - name: after
      expression: "object.metadata.?annotations.orValue({})"
    - name: mayAdopt
      expression: >-
        authorizer.group('hpc.qingcloud.com').resource('hpcclusters').namespace(request.namespace)
        .name(object.metadata.?name.orValue('')).check('adopt').allowed()
{{- end -}}

{{/* The users that are the operator, as a CEL list. */}}
{{- define "hpc-operator.operatorUsers" -}}
{{- $own := printf "system:serviceaccount:%s:%s" .Release.Namespace (include "hpc-operator.serviceAccount" .) -}}
{{ concat (list $own) (.Values.admissionPolicies.operatorUsers | default list) | toJson }}
{{- end -}}
