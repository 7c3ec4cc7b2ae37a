/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a plugin is the end of its output; then its exit status is asked for, now and every
 * few milliseconds, because a process may close its output a little before it exits. Without
 * SIGCHLD: a handler for the whole process would meddle with whoever else starts children.
 */
#include "kube/exec_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vec.h"
#include "kube/exec_credential.h"

#define MAX_OUTPUT  (1 << 20)
#define TIME_LIMIT  (2 * NS_MIN)
#define EXIT_PERIOD (5 * NS_MS)

extern char **environ;

struct exec_plugin {
    struct loop *loop;
    struct str command; /* the config's */
    pid_t pid;
    int fd; /* its output */
    struct loop_watch *watch;
    struct timer limit;
    struct timer exited; /* asks for the exit status */
    struct buf output;
    void (*done)(void *arg, struct str output, const struct err *err);
    void *arg;
};

/* ---- arguments and environment ---- */

struct strings {
    VEC(char *) list;
};

static void strings_end(struct strings *s)
{
    vec_push(&s->list, NULL);
}

static void strings_done(struct strings *s)
{
    for (size_t i = 0; i < s->list.n; i++) {
        wipe_free(s->list.v[i]);
    }
    vec_done(&s->list);
}

static void args_add(struct strings *s, struct str arg)
{
    vec_push(&s->list, str_dup(arg));
}

/* Of a name there is one entry, the last one set: the C library would find the first. */
static void env_set(struct strings *s, char *entry)
{
    size_t name = strcspn(entry, "=") + 1;
    for (size_t i = 0; i < s->list.n; i++) {
        if (strncmp(s->list.v[i], entry, name) == 0) {
            wipe_free(s->list.v[i]);
            s->list.v[i] = entry;
            return;
        }
    }
    vec_push(&s->list, entry);
}

static void make_args(struct strings *s, const struct kube_exec *exec)
{
    args_add(s, exec->command);
    for (size_t i = 0; i < exec->n_args; i++) {
        args_add(s, exec->args[i]);
    }
    strings_end(s);
}

static void make_env(struct strings *s, const struct kube_config *config)
{
    const struct kube_exec *exec = config->exec;
    for (char **e = environ; *e; e++) {
        env_set(s, xstrdup(*e));
    }
    for (size_t i = 0; i < exec->n_env; i++) {
        env_set(s, xasprintf("%.*s=%.*s", STR_ARG(exec->env[i].key), STR_ARG(exec->env[i].value)));
    }
    AUTO(buf_done) struct buf info = BUF_INIT(MAX_OUTPUT);
    exec_info_write(&info, config);
    env_set(s, xasprintf("KUBERNETES_EXEC_INFO=%s", info.p));
    strings_end(s);
}

/* ---- starting ---- */

/* Returns 0 or an errno, as posix_spawn does. */
static int spawn(pid_t *pid, int output, char *const *argv, char *const *envp)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawnp(pid, argv[0], &actions, &attributes, argv, envp);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static int cannot_start(const struct kube_exec *exec, int failed, struct err **err)
{
    errno = failed;
    (void)err_errno(err, "cannot run the credential plugin \"%.*s\" of the kubeconfig",
                    STR_ARG(exec->command));
    if (err && failed == ENOENT && exec->install_hint.n) {
        struct err *with_hint = NULL;
        err_set(&with_hint, ERR_IO, "%s. %.*s", (*err)->msg, STR_ARG(str_trim(exec->install_hint)));
        with_hint->status = failed;
        err_move(err, &with_hint);
    }
    return -1;
}

static int start(struct exec_plugin *p, const struct kube_config *config, struct err **err)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return err_errno(err, "cannot make a pipe for a credential plugin");
    }
    AUTO(strings_done) struct strings args = {0};
    AUTO(strings_done) struct strings env = {0};
    make_args(&args, config->exec);
    make_env(&env, config);
    int failed = spawn(&p->pid, pipe_fds[1], args.list.v, env.list.v);
    (void)close(pipe_fds[1]);
    if (failed) {
        (void)close(pipe_fds[0]);
        return cannot_start(config->exec, failed, err);
    }
    p->fd = pipe_fds[0];
    (void)fcntl(p->fd, F_SETFL, O_NONBLOCK);
    return 0;
}

/* ---- ending ---- */

static void plugin_free(struct exec_plugin *p)
{
    timer_cancel(&p->limit);
    timer_cancel(&p->exited);
    loop_unwatch(p->watch);
    (void)close(p->fd);
    buf_done(&p->output);
    free(p);
}

void exec_plugin_stop(struct exec_plugin *p)
{
    if (!p) {
        return;
    }
    (void)kill(p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    plugin_free(p);
}

static void finish(struct exec_plugin *p, struct err *failed)
{
    AUTO(err_freep) struct err *err = failed;
    err_wrap(&err, "credential plugin \"%.*s\"", STR_ARG(p->command));
    AUTO(buf_done) struct buf output = p->output;
    p->output = BUF_INIT_WIPE(1);
    void (*done)(void *, struct str, const struct err *) = p->done;
    void *arg = p->arg;
    plugin_free(p);
    done(arg, buf_str(&output), err);
}

static void on_limit(void *arg)
{
    struct exec_plugin *p = arg;
    (void)kill(p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    struct err *err = NULL;
    err_set(&err, ERR_TIMEOUT, "was still running after %d seconds", (int)(TIME_LIMIT / NS_S));
    finish(p, err);
}

static void ask_exit(void *arg)
{
    struct exec_plugin *p = arg;
    int status = 0;
    pid_t got = waitpid(p->pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) {
        timer_set(&p->exited, EXIT_PERIOD);
        return;
    }
    struct err *err = NULL;
    if (got > 0 && WIFSIGNALED(status)) {
        err_set(&err, ERR_IO, "was ended by signal %d", WTERMSIG(status));
    } else if (got > 0 && WEXITSTATUS(status) != 0) {
        err_set(&err, ERR_IO, "failed with exit status %d", WEXITSTATUS(status));
    } else if (!buf_ok(&p->output)) {
        err_set(&err, ERR_LIMIT, "wrote more than %d bytes", MAX_OUTPUT);
    }
    finish(p, err);
}

static void on_output(void *arg, int ready UNUSED)
{
    struct exec_plugin *p = arg;
    char piece[4096];
    ssize_t n = read(p->fd, piece, sizeof(piece));
    if (n > 0) {
        buf_add(&p->output, piece, (size_t)n);
        wipe(piece, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_unwatch(TAKE(p->watch));
        ask_exit(p);
    }
}

struct exec_plugin *exec_plugin_run(struct loop *l, const struct kube_config *config,
                                    void (*done)(void *arg, struct str output,
                                                 const struct err *err),
                                    void *arg, struct err **err)
{
    struct exec_plugin *p = xcalloc(1, sizeof(*p));
    p->loop = l;
    p->command = config->exec->command;
    p->done = done;
    p->arg = arg;
    p->output = BUF_INIT_WIPE(MAX_OUTPUT);
    if (start(p, config, err) < 0) {
        free(p);
        return NULL;
    }
    p->watch = loop_fd(l, p->fd, LOOP_READ, on_output, p);
    timer_init(&p->limit, l, on_limit, p);
    timer_init(&p->exited, l, ask_exit, p);
    timer_set(&p->limit, TIME_LIMIT);
    return p;
}
