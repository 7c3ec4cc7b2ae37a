/* SPDX-License-Identifier: Apache-2.0
 *
 * sources: what exists of Secrets, ConfigMaps and SecretProviderClasses, and the fingerprints of
 * those that a workload uses.
 *
 * Everything is watched as metadata only: a name, a resourceVersion, two marks. The data of a
 * source is fetched when a workload uses it and its resourceVersion is new, hashed, and wiped. A
 * source that nobody uses costs no request. In SOURCES_FULL whole objects are watched and hashed as
 * they arrive: for the modes in which every change counts (web hook, workloads that cannot be
 * watched).
 *
 * The content of a SecretProviderClass is what its newest SecretProviderClassPodStatus says; the
 * marks are those of the class itself.
 *
 * Ownership: a struct source lives as long as it has users. Loop thread only.
 */
#ifndef PAWL_RELOAD_SOURCES_H
#define PAWL_RELOAD_SOURCES_H

#include "base/vec.h"
#include "kube/informer.h"
#include "reload/digest.h"
#include "reload/metrics.h"
#include "reload/past.h"
#include "reload/rules.h"

struct sources;

enum sources_mode { SOURCES_METADATA, SOURCES_FULL };

struct source {
    enum source_type type;
    char *ns;
    char *name;
    bool known;  /* exists, marks and digest are those of the newest version that was seen */
    bool exists; /* digest is valid */
    struct source_marks marks;
    struct digest digest;
    ns_t changed_at; /* clock_mono time of the last change of content that was seen; 0: none */
    VEC(void *) users;

    /* private to sources.c */
    uint64_t seen;    /* resourceVersion of the newest event */
    uint64_t fetched; /* resourceVersion that digest is of */
    uint64_t made;    /* resourceVersion of its creation, if that was watched; else 0 */
    bool alone;       /* a list did not answer: it is read by itself */
};

enum source_change {
    SOURCE_APPEARED = 1, /* it was missing, and is there */
    SOURCE_CONTENT = 2,  /* other data than before */
    SOURCE_GONE = 4,
    SOURCE_MARKS = 8,
    SOURCE_LEARNED = 16, /* known for the first time */
};

struct sources_config {
    struct loop *loop;
    struct kube_client *client;
    const struct reload_options *options;
    struct reload_metrics *metrics;
    struct str label_selector;
    enum sources_mode mode;
    /* A source that is used is known anew. change: SOURCE_ bits. */
    void (*changed)(void *arg, struct source *s, int change);
    /* A source that nobody uses has come into being after the start; somebody may now use it. May
     * be NULL, as the next. */
    void (*appeared)(void *arg, enum source_type type, struct str ns, struct str name);
    /* SOURCES_FULL: the data of any source has changed; before: what it was (NULL: unknown). */
    void (*content)(void *arg, enum source_type type, struct str ns, struct str name, int change,
                    const struct digest *before);
    void *arg;
};

struct sources *sources_new(const struct sources_config *config) MUST_USE;
void sources_free(struct sources *s);
void sources_start(struct sources *s);
/* Every informer has its first list, or cannot have it (denied, not installed). What is missing is
 * added to *why (may be NULL). */
bool sources_settled(const struct sources *s, struct buf *why);
bool sources_synced(const struct sources *s, struct buf *why);

/* Adds a user (any pointer that is not yet one); the source is fetched if it is new. */
struct source *sources_use(struct sources *s, enum source_type type, struct str ns, struct str name,
                           void *user);
/* The source may be gone afterwards. */
void sources_unuse(struct sources *s, struct source *source, void *user);
/* NULL if nobody uses it. */
struct source *sources_find(const struct sources *s, enum source_type type, struct str ns,
                            struct str name);
/* A read of this source is under way or waits for its turn, and nothing says that it will fail. */
bool sources_fetching(const struct sources *s, const struct source *source);
/* The newest resourceVersion of all that was there at the start; 0 without any. */
uint64_t sources_start_version(const struct sources *s);
/* What a known source was at this resourceVersion of the cluster (reload/past.h). Where it is
 * still the same, and for a SecretProviderClass, its digest without asking. While PAST_ASKING,
 * `changed` will be called with SOURCE_LEARNED. */
enum past_state sources_at(struct sources *s, const struct source *source, uint64_t version,
                           struct digest *out);
/* What it was when it was made, as far as that was seen; as sources_at. */
enum past_state sources_at_creation(struct sources *s, const struct source *source,
                                    struct digest *out);
/* Calls fn with the name of each source of the type that exists in the namespace. */
void sources_each_name(const struct sources *s, enum source_type type, struct str ns,
                       void (*fn)(void *arg, struct str name), void *arg);
/* SOURCE_SPC: true if fn is true for what one of its pods has mounted. */
bool sources_any_mounted(const struct sources *s, const struct source *source,
                         bool (*fn)(void *arg, const struct digest *mounted), void *arg);
/* The data of a Secret at this resourceVersion is known without asking. */
void sources_written(struct sources *s, struct str ns, struct str name, struct str version,
                     const struct digest *digest);

#endif
