/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_template [RENDERS]: a template of about 1 KB, as an application's configuration file is
 * written, parsed and rendered. Prints renders per second. For instructions and allocations:
 *     valgrind --tool=callgrind --toggle-collect=template_execute build/tests/bench/bench_template
 * 1000 valgrind build/tests/bench/bench_template 1000       (total heap usage, less that of 0)
 * bench_template hostile: the processor time that each of the hostile templates takes until its
 * error, the slowest first.
 */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "template/template.h"

#include "hostile_templates.h"

static const char text[] =
    "# {{ .app | upper }} configuration, made by the platform\n"
    "server:\n"
    "  listen: 0.0.0.0:{{ .port | default \"8080\" }}\n"
    "  base_url: https://{{ .host | lower | trimSuffix \".\" }}/{{ .path | trimAll \"/\" }}\n"
    "database:\n"
    "  dsn: postgres://{{ .user | urlquery }}:{{ .password | urlquery }}@{{ .host }}:5432/{{ .app "
    "}}?sslmode=require\n"
    "  pool: {{ if eq .size \"large\" }}50{{ else if eq .size \"medium\" }}20{{ else }}5{{ end }}\n"
    "  jdbc: \"jdbc:postgresql://{{ .host }}:5432/{{ .app }}?user={{ .user }}&password={{ "
    ".password }}\"\n"
    "{{- with .ca }}\n"
    "  ca: |\n{{ . | indent 4 }}\n"
    "{{- end }}\n"
    "registry:\n"
    "  auth: {{ printf \"%s:%s\" .user .password | b64enc }}\n"
    "  config: {{ dict \"auths\" (dict .host (dict \"username\" .user \"password\" .password)) | "
    "toJson | quote }}\n"
    "features:\n"
    "{{- range $i, $f := splitList \",\" .features }}\n"
    "  - name: {{ $f | quote }}\n"
    "    order: {{ $i }}\n"
    "{{- end }}\n"
    "checksum: {{ .password | sha256sum | trunc 16 }}\n"
    "{{- /* the end */ -}}\n";

static const struct template_entry entries[] = {
    {STR_INIT("app"), STR_INIT("shop")},
    {STR_INIT("port"), STR_INIT("")},
    {STR_INIT("host"), STR_INIT("db.example.org.")},
    {STR_INIT("path"), STR_INIT("/api/v1/")},
    {STR_INIT("user"), STR_INIT("svc-shop")},
    {STR_INIT("password"), STR_INIT("p@ss w/ord&1")},
    {STR_INIT("size"), STR_INIT("medium")},
    {STR_INIT("ca"),
     STR_INIT("-----BEGIN CERTIFICATE-----\nMIIB\nAQAB\n-----END CERTIFICATE-----")},
    {STR_INIT("features"), STR_INIT("search,cart,mail,audit")},
};

struct sample {
    const char *text;
    ns_t took;
    struct template_usage used;
};

static int by_time(const void *a, const void *b)
{
    ns_t x = ((const struct sample *)a)->took;
    ns_t y = ((const struct sample *)b)->took;
    return (x < y) - (x > y);
}

static ns_t processor_time(void)
{
    struct timespec t;
    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return t.tv_sec * NS_S + t.tv_nsec;
}

static void measure(struct sample *s)
{
    static const struct template_options options = {.name = STR_INIT("k")};
    static const struct template_data none = {0};
    static const struct template_limits limits = TEMPLATE_LIMITS;
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(limits.output);
    ns_t start = processor_time();
    AUTO(template_freep) struct template *t = template_parse(str_c(s->text), &options, NULL);
    must(t);
    if (template_execute_limited(t, &none, &limits, &s->used, &out, NULL) == 0) {
        printf("no error from %s\n", s->text);
    }
    s->took = processor_time() - start;
}

static int hostile(void)
{
    struct sample samples[COUNT_OF(hostile_templates)];
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        samples[i] = (struct sample){.text = hostile_templates[i]};
        measure(&samples[i]);
    }
    qsort(samples, COUNT_OF(samples), sizeof(*samples), by_time);
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        printf("%6lld ms %9lld steps %6.1f MB  %.100s\n", (long long)(samples[i].took / NS_MS),
               (long long)samples[i].used.steps, (double)samples[i].used.memory / 1e6,
               samples[i].text);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && str_eq_c(str_c(argv[1]), "hostile")) {
        return hostile();
    }
    int64_t renders = 20000;
    if (argc > 1) {
        (void)num_parse_i64(str_c(argv[1]), &renders);
    }
    struct template_options options = {.name = STR("config.yaml")};
    ns_t start = clock_mono();
    const int parses = 1000;
    for (int i = 0; i < parses && renders > 0; i++) {
        template_free(template_parse(str_n(text, sizeof(text) - 1), &options, NULL));
    }
    ns_t parsing = clock_mono() - start;
    AUTO(template_freep) struct template *t =
        template_parse(str_n(text, sizeof(text) - 1), &options, NULL);
    must(t);
    const struct template_data data = {entries, COUNT_OF(entries)};
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(1 << 20);
    start = clock_mono();
    for (int64_t i = 0; i < renders; i++) {
        buf_clear(&out);
        must(template_execute(t, &data, &out, NULL) == 0);
    }
    ns_t took = MAX(clock_mono() - start, 1);
    printf("template %zu bytes, output %zu bytes: %.0f renders/s, %.0f parses/s\n",
           sizeof(text) - 1, out.n, (double)renders * (double)NS_S / (double)took,
           parses * (double)NS_S / (double)MAX(parsing, 1));
    return 0;
}
