/* SPDX-License-Identifier: Apache-2.0
 *
 * worker: up to two threads for slow pure work. The first is started by the first job, the second
 * by a job that finds the first one busy: most installations never need either, and a thread costs
 * a stack and a heap of its own.
 *
 * A job is owned by the queue until a worker takes it, then by that worker, then (posted to the
 * loop) by the loop thread, which calls `done` and frees it. Only the queue is shared; it has one
 * lock. The threads block all signals, so that the loop thread gets them.
 */
#include <signal.h>

#include "net/loop_internal.h"

#define MAX_WORKERS 2
/* Touched pages only count; key generation and PKCS#12 need less than 64 KiB. */
#define WORKER_STACK (512 << 10)

struct job {
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
    struct job *next;
    struct loop *loop;
};

struct workers {
    struct loop *loop;
    size_t pending; /* loop thread only: jobs whose done has not been called */
    pthread_t threads[MAX_WORKERS];
    size_t n_threads;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    struct job *first;
    struct job **last;
    size_t idle; /* threads that wait for a job */
    bool quit;   /* end when the queue is empty */
};

static void job_done(void *arg)
{
    struct job *job = arg;
    job->loop->workers->pending--;
    job->done(job->arg);
    free(job);
}

/* NULL: time to end. */
static struct job *next_job(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->idle++;
    while (!w->first && !w->quit) {
        pthread_cond_wait(&w->more, &w->lock);
    }
    w->idle--;
    struct job *job = w->first;
    if (job) {
        w->first = job->next;
        w->last = w->first ? w->last : &w->first;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *worker_main(void *arg)
{
    struct workers *w = arg;
    for (struct job *job; (job = next_job(w));) {
        job->work(job->arg);
        loop_post(w->loop, job_done, job);
    }
    return NULL;
}

static void start_thread(struct workers *w)
{
    pthread_attr_t attr;
    sigset_t all;
    sigset_t before;
    must(pthread_attr_init(&attr) == 0);
    must(pthread_attr_setstacksize(&attr, WORKER_STACK) == 0);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    must(pthread_create(&w->threads[w->n_threads], &attr, worker_main, w) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    w->n_threads++;
}

static struct workers *workers_new(struct loop *l)
{
    struct workers *w = xcalloc(1, sizeof(*w));
    w->loop = l;
    w->last = &w->first;
    must(pthread_mutex_init(&w->lock, NULL) == 0);
    must(pthread_cond_init(&w->more, NULL) == 0);
    return w;
}

/* True if no thread was waiting for it. */
static bool enqueue(struct workers *w, struct job *job)
{
    pthread_mutex_lock(&w->lock);
    bool all_busy = w->idle == 0 || w->first;
    *w->last = job;
    w->last = &job->next;
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
    return all_busy;
}

void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    l->workers = l->workers ? l->workers : workers_new(l);
    struct job *job = xcalloc(1, sizeof(*job));
    *job = (struct job){.work = work, .done = done, .arg = arg, .loop = l};
    l->workers->pending++;
    if (enqueue(l->workers, job) && l->workers->n_threads < MAX_WORKERS) {
        start_thread(l->workers);
    }
}

size_t workers_pending(const struct workers *w)
{
    return w ? w->pending : 0;
}

void workers_free(struct loop *l)
{
    struct workers *w = l->workers;
    while (w && w->pending > 0) {
        loop_once(l, NS_S);
    }
    if (!w) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n_threads; i++) {
        must(pthread_join(w->threads[i], NULL) == 0);
    }
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    free(w);
    l->workers = NULL;
}
