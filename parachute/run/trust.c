#include "parachute/run/trust.h"

#include "parachute/run/words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40  /* as many as the kernel follows, path_resolution(7) */
#define SHOWN_MAX 140 /* bytes of a path that `why` shows */
#define PARENT_NAME ".."

const struct trust_user trust_ourselves;

/* A path is walked by its parts, from one checked directory to the next. */
struct walk {
    const struct trust_user *user;
    char *why;
    int dir; /* the last one that was checked */
    unsigned links;
    char left[PATH_MAX]; /* of the path, from `dir` on */
    char at[PATH_MAX];   /* the part in hand, in words */
};

/* "PART TEXT", always -1. Of a long path the end is shown. */
static int refuse(const struct walk *walk, const char *text, const char *more)
{
    struct words words = words_begin(walk->why, TRUST_WHY_MAX);
    size_t len = strlen(walk->at);

    if (len > SHOWN_MAX)
        words_add(&words, "...");
    words_add(&words, len == 0 ? "/" : walk->at + (len > SHOWN_MAX ? len - SHOWN_MAX : 0));
    words_add(&words, " ");
    words_add(&words, text);
    words_add(&words, more);
    return -1;
}

static int refuse_error(const struct walk *walk, int error)
{
    return error == ENOENT ? refuse(walk, "is not there", "")
                           : refuse(walk, "cannot be looked at: ", strerrordesc_np(error));
}

static int refuse_owner(const struct walk *walk, uid_t owner)
{
    char text[64];
    struct words words = words_begin(text, sizeof text);

    words_add(&words, "belongs to user ");
    words_add_number(&words, owner);
    return refuse(walk, text, ": chown root");
}

static bool in_group(const struct trust_user *user, gid_t group)
{
    bool found = user->gid == group;

    for (size_t i = 0; i < user->group_count && !found; i++)
        found = user->groups[i] == group;
    return found;
}

/* Execute a file, enter a directory. */
static bool may_use(const struct trust_user *user, int fd, const struct stat *stat)
{
    if (!user)
        return true;
    if (user == &trust_ourselves)
        return faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
    if (user->uid == 0)
        return S_ISDIR(stat->st_mode) || (stat->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH));
    if (user->uid == stat->st_uid)
        return stat->st_mode & S_IXUSR;
    return stat->st_mode & (in_group(user, stat->st_gid) ? S_IXGRP : S_IXOTH);
}

/* A link has no mode of its own: who owns it, and the directory it is in, count. */
static int check(const struct walk *walk, int fd, const struct stat *stat)
{
    bool sticky = S_ISDIR(stat->st_mode) && (stat->st_mode & S_ISVTX);

    if (stat->st_uid != 0 && stat->st_uid != geteuid())
        return refuse_owner(walk, stat->st_uid);
    if (S_ISLNK(stat->st_mode))
        return 0;
    if (!sticky && (stat->st_mode & (S_IWGRP | S_IWOTH)))
        return refuse(walk, "is writable by others: chmod go-w", "");
    if (may_use(walk->user, fd, stat))
        return 0;
    if (S_ISDIR(stat->st_mode))
        return refuse(walk, "cannot be entered by the command's user: chmod a+x", "");
    return refuse(walk, "cannot be executed by the command's user: chmod a+x", "");
}

static void climb(struct walk *walk)
{
    char *slash = strrchr(walk->at, '/');

    if (slash)
        *slash = '\0';
}

/* Takes the next part off `left`, "" where there is none. Whether it has to be a directory. */
static bool take_part(struct walk *walk, char part[NAME_MAX + 2])
{
    size_t begin = 0;
    size_t len = 0;

    do {
        begin += len;
        begin += strspn(walk->left + begin, "/");
        len = strcspn(walk->left + begin, "/");
    } while (len == 1 && walk->left[begin] == '.');

    bool directory = walk->left[begin + len] == '/';
    size_t kept = len <= NAME_MAX ? len : NAME_MAX + 1; /* ENAMETOOLONG will say so */
    memcpy(part, walk->left + begin, kept);
    part[kept] = '\0';
    memmove(walk->left, walk->left + begin + len, strlen(walk->left + begin + len) + 1);

    struct words words = {.at = walk->at + strlen(walk->at), .end = walk->at + sizeof walk->at - 1};
    if (strcmp(part, PARENT_NAME) == 0) {
        climb(walk);
    } else if (len > 0) {
        words_add(&words, "/");
        words_add(&words, part);
    }
    return directory;
}

static int enter_root(struct walk *walk)
{
    struct stat stat;

    if (walk->dir >= 0)
        close(walk->dir);
    walk->at[0] = '\0';
    walk->dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (walk->dir < 0 || fstat(walk->dir, &stat) < 0)
        return refuse_error(walk, errno);
    return check(walk, walk->dir, &stat);
}

/* Puts what the link says in its place. */
static int follow(struct walk *walk, int link)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(link, "", target, sizeof target - 1);
    size_t left = strlen(walk->left);

    if (len < 0)
        return refuse_error(walk, errno);
    if (++walk->links > LINKS_MAX)
        return refuse_error(walk, ELOOP);
    if ((size_t)len + left + 1 > sizeof walk->left)
        return refuse_error(walk, ENAMETOOLONG);
    memmove(walk->left + len, walk->left, left + 1);
    memcpy(walk->left, target, (size_t)len);
    climb(walk);
    return walk->left[0] == '/' ? enter_root(walk) : 0;
}

/* `fd` is the part in hand, and becomes the walk's directory, or *file, or is closed. */
static int take(struct walk *walk, int fd, bool directory, int *file)
{
    struct stat stat;
    int result = fstat(fd, &stat) < 0 ? refuse_error(walk, errno) : check(walk, fd, &stat);

    if (result == 0 && S_ISDIR(stat.st_mode)) {
        close(walk->dir);
        walk->dir = fd;
        return 0;
    }
    if (result == 0 && S_ISLNK(stat.st_mode))
        result = follow(walk, fd);
    else if (result == 0 && directory)
        result = refuse_error(walk, ENOTDIR);
    else if (result == 0 && !S_ISREG(stat.st_mode))
        result = refuse(walk, "is not a regular file", "");
    else if (result == 0)
        *file = fd;
    if (*file != fd)
        close(fd);
    return result;
}

static int step(struct walk *walk, int *file)
{
    char part[NAME_MAX + 2];
    bool directory = take_part(walk, part);

    if (part[0] == '\0')
        return refuse(walk, "is a directory", "");

    int fd = openat(walk->dir, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? refuse_error(walk, errno) : take(walk, fd, directory, file);
}

int trust_open(const char *path, const struct trust_user *user, char *why)
{
    struct walk walk = {.user = user, .why = why, .dir = -1};
    struct words left = words_begin(walk.left, sizeof walk.left);
    struct words at = words_begin(walk.at, sizeof walk.at);
    int file = -1;

    words_add(&left, path);
    words_add(&at, path);
    if (path[0] != '/')
        return refuse(&walk, "is not an absolute path", "");
    if (strlen(path) >= sizeof walk.left)
        return refuse_error(&walk, ENAMETOOLONG);
    if (enter_root(&walk) == 0) {
        while (file < 0 && step(&walk, &file) == 0)
            ;
    }
    if (walk.dir >= 0)
        close(walk.dir);
    return file;
}
