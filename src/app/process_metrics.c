/* SPDX-License-Identifier: Apache-2.0 */
#include "app/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/num.h"
#include "base/secret.h"

enum { STAT_MAX = 4096 };

static const struct metric_desc descs[] = {
    {"process_cpu_seconds_total",
     "Total user and system CPU time spent in seconds.",
     METRIC_COUNTER,
     {NULL},
     NULL,
     0},
    {"process_resident_memory_bytes",
     "Resident memory size in bytes.",
     METRIC_GAUGE,
     {NULL},
     NULL,
     0},
    {"process_virtual_memory_bytes",
     "Virtual memory size in bytes.",
     METRIC_GAUGE,
     {NULL},
     NULL,
     0},
    {"process_start_time_seconds",
     "Start time of the process since unix epoch in seconds.",
     METRIC_GAUGE,
     {NULL},
     NULL,
     0},
    {"process_open_fds", "Number of open file descriptors.", METRIC_GAUGE, {NULL}, NULL, 0},
    {"process_max_fds", "Maximum number of open file descriptors.", METRIC_GAUGE, {NULL}, NULL, 0},
    {"pawl_secret_pages_unlocked",
     "Pages of secrets that the memory limit kept from being locked.",
     METRIC_GAUGE,
     {NULL},
     NULL,
     0},
};
static const struct metric_desc build_info = {
    "pawl_build_info", "1, with the version as a label.", METRIC_GAUGE, {"version"}, NULL, 0};

static void set(struct metrics *m, const char *name, double value)
{
    metric_set(metrics_find(m, name), NULL, value);
}

static bool read_file(const char *path, char *out, size_t size)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    return true;
}

/* Field of /proc/self/stat, counted as proc(5) does; the second one (the name) may hold spaces, so
 * counting starts behind its closing parenthesis. */
static bool stat_field(const char *text, int field, int64_t *out)
{
    const char *behind = strrchr(text, ')');
    struct str rest = str_trim(str_c(behind ? behind + 1 : NULL));
    struct str part = STR_EMPTY;
    for (int i = 3; i <= field; i++) {
        if (!str_split(&rest, ' ', &part)) {
            return false;
        }
    }
    return num_parse_i64(part, out);
}

static int64_t boot_time(void)
{
    struct timespec real;
    struct timespec boot;
    if (clock_gettime(CLOCK_REALTIME, &real) != 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0) {
        return 0;
    }
    return real.tv_sec - boot.tv_sec;
}

static int64_t count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int64_t n = -3; /* ".", ".." and the descriptor of this folder */
    while (dir && readdir(dir)) {
        n++;
    }
    if (dir) {
        closedir(dir);
    }
    return MAX(n, (int64_t)0);
}

int64_t process_resident_bytes(void)
{
    char text[STAT_MAX];
    int64_t pages = 0;
    if (!read_file("/proc/self/stat", text, sizeof(text)) || !stat_field(text, 24, &pages)) {
        return 0;
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static void collect(void *arg)
{
    struct metrics *m = arg;
    char text[STAT_MAX];
    int64_t start = 0;
    int64_t virtual_bytes = 0;
    if (read_file("/proc/self/stat", text, sizeof(text)) && stat_field(text, 22, &start) &&
        stat_field(text, 23, &virtual_bytes)) {
        double ticks = (double)sysconf(_SC_CLK_TCK);
        set(m, "process_start_time_seconds", (double)boot_time() + (double)start / ticks);
        set(m, "process_virtual_memory_bytes", (double)virtual_bytes);
    }
    set(m, "process_resident_memory_bytes", (double)process_resident_bytes());
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        set(m, "process_cpu_seconds_total",
            (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        set(m, "process_max_fds", (double)files.rlim_cur);
    }
    set(m, "process_open_fds", (double)count_fds());
    set(m, "pawl_secret_pages_unlocked", (double)secret_unlocked_pages());
}

void process_metrics_add(struct metrics *m)
{
    for (size_t i = 0; i < COUNT_OF(descs); i++) {
        metrics_add(m, &descs[i]);
    }
    metric_set(metrics_add(m, &build_info), LABELS(STR(PAWL_VERSION)), 1);
    metrics_on_collect(m, collect, m);
}
