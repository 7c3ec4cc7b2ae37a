/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_json: how fast lists are read: whole into one document, and item by item as the informers
 * do it. Generates a list of Secrets and one of Deployments, shaped like those of an API server
 * (managedFields included), of SIZE megabytes each (default 10).
 *
 *     build/tests/bench/bench_json [SIZE]
 */
#include <sys/resource.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/num.h"
#include "codec/json.h"
#include "codec/json_split.h"

enum { ROUNDS = 5, PIECE = 16 * 1024 };

static const char managed_fields[] =
    "\"managedFields\":[{\"manager\":\"helm\",\"operation\":\"Update\",\"apiVersion\":\"v1\","
    "\"time\":"
    "\"2026-01-02T15:04:05Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":{\".\":{},"
    "\"f:password\":{},\"f:username\":{}},\"f:metadata\":{\"f:labels\":{\".\":{},"
    "\"f:app.kubernetes.io/name\":{},\"f:helm.sh/chart\":{}}},\"f:type\":{}}}]";

static void add_metadata(struct buf *out, int i)
{
    buf_addf(out,
             "{\"metadata\":{\"name\":\"object-%d\",\"namespace\":\"team-%d\",\"uid\":"
             "\"6f3c9f0e-8c1b-4f6e-9d2a-%012d\",\"resourceVersion\":\"%d\",\"creationTimestamp\":"
             "\"2026-01-02T15:04:05Z\",\"labels\":{\"app.kubernetes.io/name\":\"web-%d\","
             "\"helm.sh/chart\":\"web-1.2.3\"},\"annotations\":{\"reloader.stakater.com/auto\":"
             "\"true\",\"meta.helm.sh/release-name\":\"web\"},%s}",
             i, i % 40, i, 100000 + i, i, managed_fields);
}

static void add_secret(struct buf *out, int i)
{
    char value[300];
    for (size_t k = 0; k < sizeof(value); k++) {
        value[k] = (char)(k * 7 + (size_t)i);
    }
    add_metadata(out, i);
    buf_add_c(out, ",\"data\":{");
    static const size_t sizes[] = {16, 24, 300, 300, 300, 300, 300};
    for (size_t k = 0; k < COUNT_OF(sizes); k++) {
        buf_addf(out, "%s\"key-%zu\":\"", k ? "," : "", k);
        base64_encode(out, str_n(value, sizes[k]), BASE64_STD);
        buf_add_byte(out, '"');
    }
    buf_add_c(out, "},\"type\":\"Opaque\"}");
}

static void add_container(struct buf *out, int i)
{
    buf_addf(out,
             "{\"name\":\"c%d\",\"image\":\"registry.example/team/web:1.%d\",\"ports\":[{"
             "\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":[",
             i, i);
    for (int k = 0; k < 6; k++) {
        buf_addf(out,
                 "%s{\"name\":\"DB_PASSWORD_%d\",\"valueFrom\":{\"secretKeyRef\":{\"name\":"
                 "\"db-%d\",\"key\":\"password\"}}}",
                 k ? "," : "", k, i);
    }
    buf_add_c(out,
              "],\"resources\":{\"limits\":{\"cpu\":\"500m\",\"memory\":\"128Mi\"},\"requests\":"
              "{\"cpu\":\"100m\",\"memory\":\"64Mi\"}},\"volumeMounts\":[{\"name\":\"tls\","
              "\"readOnly\":true,\"mountPath\":\"/etc/tls\"}],\"livenessProbe\":{\"httpGet\":{"
              "\"path\":\"/healthz\",\"port\":8080,\"scheme\":\"HTTP\"},\"timeoutSeconds\":1,"
              "\"periodSeconds\":10,\"successThreshold\":1,\"failureThreshold\":3},"
              "\"terminationMessagePath\":\"/dev/termination-log\",\"imagePullPolicy\":"
              "\"IfNotPresent\"}");
}

static void add_deployment(struct buf *out, int i)
{
    add_metadata(out, i);
    buf_addf(
        out,
        ",\"spec\":{\"replicas\":%d,\"selector\":{\"matchLabels\":{\"app\":\"web-%d\"}},"
        "\"template\":{\"metadata\":{\"creationTimestamp\":null,\"labels\":{\"app\":\"web-%d\"}"
        "},\"spec\":{\"volumes\":[{\"name\":\"tls\",\"secret\":{\"secretName\":\"tls-%d\","
        "\"defaultMode\":420}}],\"containers\":[",
        i % 5, i, i, i);
    add_container(out, 0);
    buf_add_byte(out, ',');
    add_container(out, 1);
    buf_add_c(out,
              "],\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"dnsPolicy\":"
              "\"ClusterFirst\"}}},\"status\":{\"observedGeneration\":3,\"replicas\":2,"
              "\"updatedReplicas\":2,\"readyReplicas\":2,\"conditions\":[{\"type\":\"Available\","
              "\"status\":\"True\",\"lastUpdateTime\":\"2026-01-02T15:04:05Z\",\"reason\":"
              "\"MinimumReplicasAvailable\"}]}}");
}

static void make_list(struct buf *out, size_t size, void (*add)(struct buf *out, int i))
{
    buf_add_c(out, "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":"
                   "\"12345\"},\"items\":[");
    for (int i = 0; out->n < size; i++) {
        if (i > 0) {
            buf_add_byte(out, ',');
        }
        add(out, i);
    }
    buf_add_c(out, "]}\n");
}

static size_t use(const struct json *item)
{
    return json_find_str(item, "metadata.name").n + json_len(json_get(item, "data")) +
           json_len(json_find(item, "spec.template.spec.containers"));
}

static size_t read_whole(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct json *items = json_get(json_parse(&a, text, JSON_PLAIN, NULL), "items");
    size_t sum = 0;
    for (size_t i = 0; i < json_len(items); i++) {
        sum += use(json_at(items, i));
    }
    return sum;
}

struct stream {
    struct arena arena;
    size_t sum;
};

static int on_item(void *arg, struct str text, struct err **err)
{
    struct stream *stream = arg;
    arena_reset(&stream->arena);
    struct json *item = json_parse(&stream->arena, text, JSON_PLAIN, err);
    stream->sum += use(item);
    return item ? 0 : -1;
}

static size_t read_stream(struct str text)
{
    struct stream stream = {.arena = ARENA_INIT(ARENA_PLAIN)};
    const struct json_split_callbacks callbacks = {.item = on_item};
    struct json_split *split = json_split_new(JSON_SPLIT_LIST, 4 << 20, false, &callbacks, &stream);
    for (size_t at = 0; at < text.n; at += PIECE) {
        int rc = json_split_feed(split, str_sub(text, at, MIN(at + PIECE, text.n)), NULL);
        must(rc == 0);
    }
    int rc = json_split_finish(split, NULL);
    must(rc == 0);
    json_split_free(split);
    arena_done(&stream.arena);
    return stream.sum;
}

static size_t write_back(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(SIZE_MAX);
    json_write(&out, json_parse(&a, text, JSON_PLAIN, NULL), JSON_WRITE_GO);
    return out.n;
}

static void measure(const char *what, struct str text, size_t (*run)(struct str text))
{
    ns_t best = INT64_MAX;
    size_t sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        ns_t start = clock_mono();
        sum = run(text);
        best = MIN(best, clock_mono() - start);
    }
    printf("%-28s %6.0f MB/s  (sum %zu)\n", what, (double)text.n * 1e3 / (double)best, sum);
}

int main(int argc, char **argv)
{
    int64_t megabytes = 10;
    if (argc > 2 || (argc == 2 && !num_parse_range(str_c(argv[1]), 1, 1000, &megabytes))) {
        fprintf(stderr, "usage: %s [MEGABYTES]\n", argv[0]);
        return 2;
    }
    size_t size = (size_t)megabytes << 20;
    AUTO(buf_done) struct buf secrets = BUF_INIT(2 * size);
    AUTO(buf_done) struct buf deployments = BUF_INIT(2 * size);
    make_list(&secrets, size, add_secret);
    make_list(&deployments, size, add_deployment);
    measure("secrets, streamed", buf_str(&secrets), read_stream);
    measure("deployments, streamed", buf_str(&deployments), read_stream);
    measure("secrets, whole", buf_str(&secrets), read_whole);
    measure("deployments, whole", buf_str(&deployments), read_whole);
    measure("secrets, read and written", buf_str(&secrets), write_back);
    measure("deployments, read and written", buf_str(&deployments), write_back);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak %ld KB\n", usage.ru_maxrss);
    return 0;
}
