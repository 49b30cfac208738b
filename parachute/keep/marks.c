#include "parachute/keep/marks.h"

#include "base/bytes.h"
#include "parachute/keep/markfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OF_A_DISK MARKS_NODE "-"
#define NAME_BYTES 256
#define FOLDER_MODE 0755

/* The first error, for the answer. */
struct trouble {
    int error;
    char *text;
    size_t *len;
};

static void note(struct trouble *trouble, int error, const char *name, const char *why)
{
    if (trouble->error != 0)
        return;
    trouble->error = error;
    int len = snprintf(trouble->text, MARKS_ANSWER_MAX, "%s: %s", name, why);
    *trouble->len = len < MARKS_ANSWER_MAX ? (size_t)len : MARKS_ANSWER_MAX - 1;
}

static void note_errno(struct trouble *trouble, const char *name)
{
    int error = errno;

    note(trouble, error, name, strerror(error));
}

/* Opens it, and makes it first where there is nothing. */
static int open_or_make(int at, const char *name, int flags)
{
    int fd = openat(at, name, flags | O_CLOEXEC);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    mode_t before = umask(0);
    int made = mkdirat(at, name, FOLDER_MODE);
    umask(before);
    return made < 0 && errno != EEXIST ? -1 : openat(at, name, flags | O_CLOEXEC);
}

/* The run_dir; -1. A link there could be anybody's where the directory above is. */
static int open_run_dir(const char *path, struct trouble *trouble)
{
    int fd = open_or_make(AT_FDCWD, path, O_PATH | O_NOFOLLOW);
    struct stat stat;

    if (fd >= 0 && fstat(fd, &stat) == 0 && !S_ISDIR(stat.st_mode)) {
        close(fd);
        if (S_ISLNK(stat.st_mode) && stat.st_uid != 0 && stat.st_uid != geteuid()) {
            note(trouble, EPERM, path, "another user's link");
            return -1;
        }
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        note_errno(trouble, path);
    return fd;
}

/* Why we do not write there; NULL: we do. */
static const char *distrust(int folder)
{
    struct stat stat;

    if (fstat(folder, &stat) < 0)
        return strerror(errno);
    if (stat.st_uid != geteuid())
        return "belongs to another user";
    if (stat.st_mode & (S_IWGRP | S_IWOTH))
        return "others can write to it";
    return NULL;
}

/* -1: noted. */
static int open_folder(const struct marks *marks, struct trouble *trouble)
{
    int run_dir = open_run_dir(marks->run_dir, trouble);

    if (run_dir < 0)
        return -1;
    int folder = open_or_make(run_dir, MARKS_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder < 0)
        note_errno(trouble, MARKS_FOLDER);
    close(run_dir);
    const char *why = folder < 0 ? NULL : distrust(folder);
    if (!why)
        return folder;
    note(trouble, EPERM, MARKS_FOLDER, why);
    close(folder);
    return -1;
}

static void remove_file(int folder, const char *name, struct trouble *trouble)
{
    if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
        note_errno(trouble, name);
}

static bool observed(const struct marks *marks, const char *disk)
{
    for (size_t i = 0; i < marks->count; i++)
        if (strcmp(marks->names[i], disk) == 0)
            return true;
    return false;
}

/* Removes what is no longer true of anything. A directory was never a marker. */
static void tidy(const struct marks *marks, int folder, struct trouble *trouble)
{
    const size_t prefix = strlen(OF_A_DISK);
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);

    if (!entries) {
        note_errno(trouble, MARKS_FOLDER);
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        const char *name = entry->d_name;
        struct stat stat;

        if (strcmp(name, MARKFILE_BESIDE) != 0 &&
            (strncmp(name, OF_A_DISK, prefix) != 0 || observed(marks, name + prefix)))
            continue;
        if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(stat.st_mode))
            remove_file(folder, name, trouble);
    }
    closedir(entries);
}

static void bring_in_line(int folder, const char *name, const struct bytes *line,
                          struct trouble *trouble)
{
    if (markfile_write(folder, name, line) < 0)
        note_errno(trouble, name);
}

static void begin(struct bytes *line, int64_t since_s)
{
    char number[24];
    int len = snprintf(number, sizeof number, "%lld", (long long)since_s);

    bytes_cut(line, 0);
    if (since_s != 0)
        bytes_add(line, number, (size_t)len);
}

static void add(struct bytes *line, const char *text)
{
    bytes_add(line, text, strlen(text));
}

static void mark_disks(const struct marks *marks, const struct marks_job *job, int folder,
                       struct bytes *line, struct trouble *trouble)
{
    char name[NAME_BYTES];

    for (size_t i = 0; i < marks->count; i++) {
        begin(line, job->disk_s[i]);
        if (job->disk_s[i] != 0) {
            add(line, " ");
            add(line, marks->names[i]);
            add(line, "\n");
        }
        if (snprintf(name, sizeof name, OF_A_DISK "%s", marks->names[i]) < NAME_BYTES)
            bring_in_line(folder, name, line, trouble);
        else
            note(trouble, ENAMETOOLONG, marks->names[i], strerror(ENAMETOOLONG));
    }
}

static void mark_node(const struct marks *marks, const struct marks_job *job, int folder,
                      struct bytes *line, struct trouble *trouble)
{
    begin(line, job->node_s);
    for (size_t i = 0; i < marks->count && job->node_s != 0; i++) {
        if (job->disk_s[i] != 0) {
            add(line, " ");
            add(line, marks->names[i]);
        }
    }
    if (job->node_s != 0)
        add(line, "\n");
    bring_in_line(folder, MARKS_NODE, line, trouble);
}

int marks_open(void *marks, void *answer, size_t *len)
{
    struct trouble trouble = {.text = answer, .len = len};
    int folder = open_folder(marks, &trouble);

    if (folder < 0)
        return trouble.error;
    tidy(marks, folder, &trouble);
    close(folder);
    *len = 0; /* what cannot be removed is told with the jobs */
    return 0;
}

int marks_do(void *arg, const void *job, size_t len, void *answer, size_t *answer_len)
{
    const struct marks *marks = arg;
    struct trouble trouble = {.text = answer, .len = answer_len};
    struct bytes line = {0};

    if (marks->count > MARKS_DISKS_MAX ||
        len != offsetof(struct marks_job, disk_s) + marks->count * sizeof(int64_t))
        return EINVAL;
    int folder = open_folder(marks, &trouble);
    if (folder < 0)
        return trouble.error;
    tidy(marks, folder, &trouble);
    mark_disks(marks, job, folder, &line, &trouble);
    mark_node(marks, job, folder, &line, &trouble);
    bytes_clean(&line);
    close(folder);
    return trouble.error;
}
