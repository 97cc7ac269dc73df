{{/* What contradicts itself and values.schema.json cannot express: numbers and names that are compared. Each sentence
names its values. */}}
{{- define "hpc-operator.checks" -}}
{{- $settings := .Values.settings -}}
{{- $cap := $settings.retry_cap | default 600.0 | float64 -}}
{{- $base := $settings.retry_base | default 15.0 | float64 -}}
{{- if lt $cap $base -}}
{{- fail (printf "settings.retry_cap (%v) must not be smaller than settings.retry_base (%v)" $cap $base) -}}
{{- end -}}
{{- $lease := $settings.lease_duration | default 30.0 | float64 -}}
{{- $send := $settings.send_deadline | default 15.0 | float64 -}}
{{- if lt $lease (mulf 1.5 $send) -}}
{{- fail (printf "settings.lease_duration (%v) must be at least 1.5 times settings.send_deadline (%v): else nothing is ever sent" $lease $send) -}}
{{- end -}}
{{- $shutdown := $settings.shutdown_timeout | default 40.0 | float64 -}}
{{- if lt (.Values.terminationGracePeriodSeconds | float64) (addf $shutdown 5.0) -}}
{{- fail (printf "terminationGracePeriodSeconds (%v) must exceed settings.shutdown_timeout (%v) by 5 s: else a call in flight is cut off" .Values.terminationGracePeriodSeconds $shutdown) -}}
{{- end -}}
{{- if .Values.scope.namespaces -}}
{{- range $settings.allowed_namespaces -}}
{{- if not (has . $.Values.scope.namespaces) -}}
{{- fail (printf "settings.allowed_namespaces: %s is not among scope.namespaces, so nothing there is served" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
