#include "parachute/run/process.h"

#include "base/hash.h"
#include "parachute/run/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* What is asked of /proc/PID/stat. */
struct stat_line {
    bool zombie;
    pid_t group;
    uint64_t start;
};

/* Empty, with errno, where it cannot be read. */
static size_t read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, size - 1) : -1;
    int error = got == 0 ? EIO : errno;

    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = '\0';
    errno = error;
    return got > 0 ? (size_t)got : 0;
}

/* The number of a field, counted from the state, which is the third one. */
static uint64_t field(const char *state, int number)
{
    const char *at = state;

    for (int i = 3; i < number && at; i++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at ? strtoull(at, NULL, 10) : 0;
}

/* 0, or an error. A process whose first thread has ended looks like a zombie, but has others. */
static int read_stat(pid_t pid, struct stat_line *line)
{
    char path[40];
    char text[1024];
    struct words words = words_begin(path, sizeof path);

    *line = (struct stat_line){0};
    words_add(&words, "/proc/");
    words_add_number(&words, (uint64_t)pid);
    words_add(&words, "/stat");
    if (read_file(path, text, sizeof text) == 0)
        return errno;

    const char *name_end = strrchr(text, ')'); /* the name may hold anything, also a `)` */
    if (!name_end || name_end[1] != ' ')
        return EBADMSG;
    const char *state = name_end + 2;
    *line = (struct stat_line){
        .zombie = *state == 'X' || (*state == 'Z' && field(state, 20) <= 1),
        .group = (pid_t)field(state, 5),
        .start = field(state, 22),
    };
    return 0;
}

/* 0 where it cannot be read: number and start have to do. */
static uint64_t this_boot(void)
{
    char text[64];
    size_t len = read_file("/proc/sys/kernel/random/boot_id", text, sizeof text);
    size_t half = len / 2;

    if (len == 0)
        return 0;
    return (uint64_t)hash_bytes(text, half) << 32 | hash_bytes(text + half, len - half);
}

struct process process_of(pid_t pid)
{
    struct stat_line line;

    if (pid <= 0 || read_stat(pid, &line) != 0 || line.zombie)
        return (struct process){0};
    return (struct process){.pid = pid, .start = line.start, .boot = this_boot()};
}

static bool of_another_boot(const struct process *process)
{
    uint64_t boot = process->boot != 0 ? this_boot() : 0;

    return boot != 0 && boot != process->boot;
}

/* 0: this very process is there. ESRCH: surely not. Else nobody can say, for this reason. */
static int look(const struct process *process)
{
    struct stat_line line;

    if (process->pid <= 0 || (kill(process->pid, 0) < 0 && errno == ESRCH))
        return ESRCH;
    if (of_another_boot(process))
        return ESRCH;
    int error = read_stat(process->pid, &line);
    if (error == 0 && (line.zombie || line.start != process->start))
        error = ESRCH;
    return error;
}

bool process_gone(const struct process *process)
{
    return look(process) == ESRCH;
}

int process_open(const struct process *process)
{
    int fd = process->pid > 0 ? pidfd_open(process->pid, 0) : -1;
    int error = errno;

    /* Looked at once it is held: its number cannot be another's from here on. */
    int seen = look(process);
    if (fd >= 0 && seen == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = seen != 0 ? seen : error;
    return -1;
}

bool process_group_lives(pid_t group)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry = NULL;
    struct stat_line line;
    bool lives = !dir;

    while (dir && !lives && (entry = readdir(dir)) != NULL) {
        long pid = strtol(entry->d_name, NULL, 10);

        lives = pid > 0 && read_stat((pid_t)pid, &line) == 0 && !line.zombie && line.group == group;
    }
    if (dir)
        closedir(dir);
    return lives;
}
