{{/* One alert of files/alerts.yaml for this release: its series alone, and with what the values say. Nothing of the file is
taken for a template here: its braces are Prometheus's own. */}}
{{- define "hpc-operator.alert" -}}
{{- $given := .root.Values.prometheusRule -}}
{{- $expr := include "hpc-operator.ownSeries" (dict "expr" .rule.expr "selector" (include "hpc-operator.seriesSelector" .root)) -}}
{{- with .own.threshold -}}
{{- $expr = regexReplaceAll "[0-9.]+$" $expr (toString .) -}}
{{- end -}}
{{- $page := printf "%s%s" $given.runbookBase .rule.annotations.runbook_url -}}
{{- $rule := dict "expr" $expr "for" (.own.for | default .rule.for) -}}
{{- $_ := set $rule "labels" (merge (dict "severity" (.own.severity | default .rule.labels.severity)) $given.alertLabels) -}}
{{- $_ := set $rule "annotations" (merge (dict "runbook_url" $page) .rule.annotations $given.alertAnnotations) -}}
{{- toYaml (merge $rule .rule) -}}
{{- end -}}

{{/* Every series of ours gets the selector; PromQL allows no comma in front, so what stands there comes after it. */}}
{{- define "hpc-operator.ownSeries" -}}
{{- $with := printf "${1}{%s,${3}}" (.selector | replace "$" "$$") -}}
{{- regexReplaceAll "(hpc_operator_[a-z_]+)(\\{([^}]*)\\})?" .expr $with | replace ",}" "}" -}}
{{- end -}}

{{- define "hpc-operator.seriesSelector" -}}
{{- .Values.prometheusRule.selector | default (printf "namespace=%q" .Release.Namespace) -}}
{{- end -}}
