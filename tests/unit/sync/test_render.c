/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/render.h"

static int run(const char *template, const char *values, const struct render_source *sources,
               struct rendered *out, struct err **err)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
    buf_addf(&b, "{'target':{'template':%s}}", template);
    struct kvs fetched = map(values);
    struct apply_options options = {0};
    return render_template(&arena, spec(b.p)->template, &fetched, sources, &options, out, err);
}

static void own_templates(void **state)
{
    struct rendered r;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(run("{'data':{'url':'db://{{ .user }}:{{ .pass }}@h'},'metadata':{'labels':{'u':"
                  "'{{ .user }}'},'annotations':{'reloader.stakater.com/match':'true'}}}",
                  "{'user':'admin','pass':'s3cret'}", NULL, &r, &err),
              err);
    assert_map(&r.data, "{'url':'db://admin:s3cret@h'}");
    assert_map(&r.labels, "{'u':'admin'}");
    assert_map(&r.annotations, "{'reloader.stakater.com/match':'true'}");
}

static void templates_from(void **state)
{
    struct render_source sources[3] = {
        {map("{'config.json':'{{ .one }}-{{ .two }}','templated':'exec-{{ .one }}: {{ .two }}'}"),
         KVS_INIT(&arena)},
        {KVS_INIT(&arena), map("{'note':'from {{ .one }}'}")},
        {KVS_INIT(&arena), KVS_INIT(&arena)},
    };
    struct rendered r;
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(
        run("{'templateFrom':[{'configMap':{'name':'cm','items':[{'key':'config.json'},{'key':"
            "'templated','templateAs':'KeysAndValues'}]}},{'secret':{'name':'s','items':[{"
            "'key':'note'}]},'target':'Annotations'},{'literal':'config.json: aGk=',"
            "'valuesDecodingStrategy':'Base64'}],'data':{'own':'{{ .one }}'}}",
            "{'one':'1','two':'2'}", sources, &r, &err),
        err);
    /* Later entries win. */
    assert_map(&r.data, "{'config.json':'hi','exec-1':'2','own':'1'}");
    assert_map(&r.annotations, "{'note':'from 1'}");
}

static void mistakes(void **state)
{
    struct render_source empty = {map("{}"), map("{}")};
    static const struct {
        const char *template;
        const char *text;
    } CASES[] = {
        {"{'templateFrom':[{'configMap':{'name':'cm','items':[{'key':'k'}]}}]}",
         "could not apply template: error fetching templateFrom data: error in configmap cm: "
         "missing "
         "key k"},
        {"{'templateFrom':[{'secret':{'name':'s','items':[{'key':'k'}]}}]}",
         "error in secret s: missing key k"},
        {"{'data':{'K':'{{ .x }}'}}",
         "could not apply template: could not execute template: could not execute template: unable "
         "to execute template at key K: unable to execute template at key K: template: K:1:3: "
         "executing \"K\" at <.x>: map has no entry for key \"x\""},
        {"{'data':{'K':'{{ nofunc }}'}}", "function \"nofunc\" not defined"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct rendered r;
        AUTO(err_freep) struct err *err = NULL;
        assert_int_equal(run(CASES[i].template, "{'a':'1'}", &empty, &r, &err), -1);
        if (!strstr(err->msg, CASES[i].text)) {
            fail_msg("\"%s\" is not in \"%s\"", CASES[i].text, err->msg);
        }
        render_redact(err); /* nothing of a value in these */
        assert_non_null(strstr(err->msg, CASES[i].text));
    }
}

/* What a function says about its argument may be a value. */
static void redaction(void **state)
{
    static const char *const TEMPLATES[] = {
        "{{ .pw | fromJson }}",      "{{ fail .pw }}",      "{{ .pw | atoi | fail }}",
        "{{ range .pw }}{{ end }}",  "{{ index .pw 100 }}", "{{ .pw | toDate \\'2006\\' }}",
        "{{ .pw | b64dec | fail }}", "{{ template .pw }}",
    };
    for (size_t i = 0; i < COUNT_OF(TEMPLATES); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(1024);
        struct rendered r;
        AUTO(err_freep) struct err *err = NULL;
        buf_addf(&b, "{'data':{'K':'%s'}}", TEMPLATES[i]);
        if (run(b.p, "{'pw':'hunter2hunter2'}", NULL, &r, &err) == 0) {
            continue;
        }
        render_redact(err);
        if (strstr(err->msg, "hunter")) {
            fail_msg("a value is in \"%s\"", err->msg);
        }
        assert_non_null(strstr(err->msg, "key K"));
    }
}

/* Nor what a parser says about the rendered text. */
static void redaction_of_yaml(void **state)
{
    static const char *const LITERALS[] = {
        "k: *{{ .pw }}",     "k: &{{ .pw }} [ *{{ .pw }} ]",
        "{{ .pw }}",         "[ {{ .pw }}",
        "{{ .pw }}: {a: 1}", "k: !{{ .pw }} {}",
    };
    const struct render_source none = {map("{}"), map("{}")};
    for (size_t i = 0; i < COUNT_OF(LITERALS); i++) {
        AUTO(buf_done) struct buf b = BUF_INIT(1024);
        struct rendered r;
        AUTO(err_freep) struct err *err = NULL;
        buf_addf(&b, "{'templateFrom':[{'literal':'%s'}]}", LITERALS[i]);
        assert_int_equal(run(b.p, "{'pw':'hunter2hunter2'}", &none, &r, &err), -1);
        render_redact(err);
        if (strstr(err->msg, "hunter")) {
            fail_msg("a value is in \"%s\"", err->msg);
        }
        assert_non_null(strstr(err->msg, "could not unmarshal template"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_templates), TEST(templates_from),    TEST(mistakes),
        TEST(redaction),     TEST(redaction_of_yaml),
    };
    return RUN(tests);
}
