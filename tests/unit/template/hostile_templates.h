/* SPDX-License-Identifier: Apache-2.0
 *
 * hostile_templates: texts that would need much time, memory, output or stack. Each must end with
 * an error within the limits of one rendering. The unit test looks at what they used,
 * bench_template at how long that took.
 */
#ifndef PAWL_TESTS_HOSTILE_TEMPLATES_H
#define PAWL_TESTS_HOSTILE_TEMPLATES_H

static const char *const hostile_templates[] = {
    "{{ range until 1000000000 }}{{ end }}",
    "{{ range 1000000000 }}{{ end }}",
    "{{ range 1000000000 }}x{{ end }}",
    "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
    "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
    "{{ define \"r\" }}{{ if . }}{{ template \"r\" . }}{{ template \"r\" . }}{{ end }}{{ end }}"
    "{{ template \"r\" . }}",
    "{{ define \"a\" }}{{ template \"b\" }}{{ template \"b\" }}{{ end }}"
    "{{ define \"b\" }}{{ template \"c\" }}{{ template \"c\" }}{{ end }}"
    "{{ define \"c\" }}{{ range 100000 }}{{ template \"d\" }}{{ end }}{{ end }}"
    "{{ define \"d\" }}{{ range 1000 }}y{{ end }}{{ end }}{{ template \"a\" }}",
    "{{ repeat 1000000000 \"abc\" }}",
    "{{ repeat 9223372036854775807 \"abc\" }}",
    "{{ $x := repeat 1000000 \"x\" }}{{ range 1000 }}{{ $x }}{{ end }}",
    "{{ $x := \"x\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
    "{{ indent 1000000000 \"a\\nb\" }}",
    "{{ nindent 100000000 (repeat 1000 \"\\n\") }}",
    "{{ untilStep 0 9223372036854775807 1 }}",
    "{{ seq 1 1000000000 }}",
    "{{ randAlphaNum 1000000000 }}",
    "{{ randBytes 1000000000 }}",
    "{{ printf (repeat 50000 \"%1000000[1]d\") 1 }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := dict }}{{ $_ := set $e \"d\" $e }}"
    "{{ deepEqual $d $e }}",
    "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := dict }}{{ $_ := set $e \"d\" $e }}"
    "{{ merge $d $e }}",
    "{{ $l := list 1 }}{{ range 64 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
    "{{ $l := list 1 }}{{ range 64 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}",
    "{{ $l := list 1 }}{{ range 64 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}",
    "{{ $l := list 1 }}{{ range 64 }}{{ $l = list $l $l }}{{ end }}"
    "{{ $m := list 1 }}{{ range 64 }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}",
    "{{ $l := list 1 }}{{ range 64 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}",
    "{{ $l := until 100000 }}{{ range 1000 }}{{ $_ := uniq $l }}{{ end }}",
    "{{ $s := repeat 1000000 \"a\" }}{{ range 1000000 }}{{ $_ := sha512sum $s }}{{ end }}",
    "{{ range 1000 }}{{ $_ := bcrypt \"x\" }}{{ end }}",
    "{{ range 1000 }}{{ $_ := genCA \"x\" 1 }}{{ end }}",
    "{{ range 1000 }}{{ $_ := derivePassword 1 \"long\" \"a\" \"b\" \"c\" }}{{ end }}",
    "{{ regexMatch \"(((a{1,100}){1,100}){1,100}){1,100}\" \"a\" | ternary (fail \"x\") \"\" "
    "}}",
    "{{ $s := repeat 1000000 \"a\" }}{{ range 100000 }}{{ $_ := regexMatch \"(a|a)*b\" $s }}"
    "{{ end }}",
    "{{ $s := repeat 1000000 \"a\" }}{{ regexReplaceAll \"\" $s (repeat 1000000 \"b\") }}",
    "{{ $s := repeat 1000000 \"a\" }}{{ replace \"a\" (repeat 1000000 \"b\") $s }}",
    "{{ $s := repeat 1000000 \",\" }}{{ range 1000 }}{{ $_ := splitList \",\" $s }}{{ end }}",
    "{{ fromJson (repeat 1000000 \"[\") | toString | fail }}",
    "{{ fromYaml (repeat 100000 \"[\") | toString | fail }}",
    "{{ fromYaml \"a: &a [x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\n"
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\n"
    "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\\n"
    "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\\n\" | "
    "toString | fail }}",
    "{{ $x := 1 }}{{ range 1000000000 }}{{ $x = add $x 1 }}{{ end }}",
    "{{ range 1000000000 }}{{ $y := . }}{{ end }}",
    /* slow by the byte, the float, the decimal */
    "{{ $s := repeat 150000 \"aB, c\" }}{{ range 1000000 }}{{ $_ := toDate $s \"a\" }}{{ end }}",
    "{{ $s := repeat 150000 \"15:04,\" }}{{ range 1000000 }}{{ $_ := date $s now }}{{ end }}",
    "{{ $s := repeat 150000 \"15:04,\" }}{{ range 1000000 }}{{ $_ := now.Format $s }}{{ end }}",
    "{{ $s := repeat 150000 \"aB, c\" }}{{ range 1000000 }}{{ $_ := kebabcase $s }}{{ end }}",
    "{{ $s := repeat 150000 \"aB, c\" }}{{ range 1000000 }}{{ $_ := shuffle $s }}{{ end }}",
    "{{ $s := repeat 150000 \"aB, c\" }}{{ range 1000000 }}{{ $_ := nospace $s }}{{ end }}",
    "{{ range 10000000 }}{{ $_ := addf 1e300 1e-300 1e300 1e-300 }}{{ end }}",
    "{{ range 10000000 }}{{ $_ := print 1e300 1e300 1e300 }}{{ end }}",
    "{{ range 10000000 }}{{ $_ := toYaml 1e300 }}{{ end }}",
    "{{ range 10000000 }}{{ $_ := randAlphaNum 1000 }}{{ end }}",
    "{{ $l := until 100000 }}{{ range 1000000 }}{{ $_ := toYaml $l }}{{ end }}",
    "{{ $l := splitList \",\" (repeat 100000 \"b,a,\") }}{{ range 100000 }}{{ $_ := sortAlpha $l "
    "}}{{ end }}",
};

#endif
