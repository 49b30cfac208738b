#include "agent/config/config_parachute.h"

#include "agent/config/config_refuse.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between activation and release, where a command undoes what the other one did. */
#define DEFAULT_GAP_PERCENT 5
#define DEFAULT_RELEASE_AFTER_MS 60000

#define GROUPS_AT_FIRST 32

/* The keys of either command. */
static const struct {
    enum schema_id object;
    enum schema_id command;
    enum schema_id user;
} keys[PLAN_EVENTS] = {{SCHEMA_ON_ACTIVATE, SCHEMA_ACTIVATE_COMMAND, SCHEMA_ACTIVATE_USER},
                       {SCHEMA_ON_RELEASE, SCHEMA_RELEASE_COMMAND, SCHEMA_RELEASE_USER}};

static unsigned lower(unsigned threshold_percent)
{
    return threshold_percent > DEFAULT_GAP_PERCENT ? threshold_percent - DEFAULT_GAP_PERCENT : 1;
}

static void finish_release(struct config *config)
{
    bool undone = config->commands[PLAN_RELEASE].given;

    if (config->places[SCHEMA_RELEASE_AFTER].line == 0)
        config->release_after_ms = undone ? DEFAULT_RELEASE_AFTER_MS : 0;
    for (size_t i = 0; i < config->disk_count; i++) {
        struct config_disk *disk = &config->disks[i];

        if (disk->release_percent == 0 && disk->threshold_percent > 0)
            disk->release_percent =
                undone ? lower(disk->threshold_percent) : disk->threshold_percent;
    }
}

static int run_as(struct trust_user *runs, const struct passwd *user)
{
    int room = GROUPS_AT_FIRST;
    int count = room;
    gid_t *groups = calloc((size_t)room, sizeof *groups);

    while (groups && getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0) {
        room = count > room ? count : room * 2; /* glibc tells how many there are */
        count = room;
        free(groups);
        groups = calloc((size_t)room, sizeof *groups);
    }
    if (!groups)
        return config_refuse_memory();
    *runs = (struct trust_user){
        .uid = user->pw_uid, .gid = user->pw_gid, .groups = groups, .group_count = (size_t)count};
    return 0;
}

static int finish_user(struct config *config, enum plan_event event)
{
    struct config_command *command = &config->commands[event];
    enum schema_id id = keys[event].user;

    if (!command->user)
        return 0;
    if (geteuid() != 0)
        return config_refuse_text(config, id, id, command->user, "it does not run as root");
    errno = 0;
    const struct passwd *user = getpwnam(command->user);
    if (user)
        return run_as(&command->runs, user);
    bool unknown = errno == 0 || errno == ENOENT || errno == ESRCH;
    return config_refuse_text(config, id, id, command->user,
                              unknown ? "there is no such user" : strerror(errno));
}

static int finish_command(struct config *config, enum plan_event event)
{
    struct config_command *command = &config->commands[event];
    char why[TRUST_WHY_MAX] = "";

    if (command->argc == 0)
        return config_refuse(config, keys[event].command, "must be %s, not an empty list",
                             schema_row(keys[event].command)->accepted);
    if (finish_user(config, event) < 0)
        return -1;
    const struct trust_user *user = command->user ? &command->runs : &trust_ourselves;
    int fd = trust_open(command->argv[0], user, why);
    if (fd < 0)
        return config_refuse_text(config, keys[event].command, SCHEMA_PROGRAM, command->argv[0],
                                  why);
    close(fd);
    return 0;
}

/* The path as trust_open takes it; to be freed. Links stay as they are, each is to be checked. */
static char *absolute(const char *path)
{
    char *folder = path[0] == '/' ? strdup("") : getcwd(NULL, 0);
    char *whole = folder ? malloc(strlen(folder) + strlen(path) + 2) : NULL;

    if (whole)
        stpcpy(stpcpy(stpcpy(whole, folder), path[0] == '/' ? "" : "/"), path);
    free(folder);
    return whole;
}

/* Whether what is trusted is what was read, and not put there since. */
static bool was_read(int fd, const struct stat *seen)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_dev == seen->st_dev && st.st_ino == seen->st_ino &&
           st.st_ctim.tv_sec == seen->st_ctim.tv_sec && st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec;
}

/*
 * Who can change the file that names a command has a say in what runs. What comes through a pipe is
 * anybody's.
 */
static int finish_file(const struct config *config, enum schema_id id)
{
    char why[TRUST_WHY_MAX] = "";

    if (!S_ISREG(config->file_seen.st_mode))
        return config_refuse(config, id,
                             "must be in a configuration file that others cannot change (this is "
                             "no regular file)");
    char *path = absolute(config->file);
    if (!path)
        return config_refuse_memory();
    int fd = trust_open(path, NULL, why);
    free(path);
    if (fd >= 0 && !was_read(fd, &config->file_seen)) {
        snprintf(why, sizeof why, "it was changed while it was read");
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        return config_refuse(config, id,
                             "must be in a configuration file that others cannot change (%s)", why);
    close(fd);
    return 0;
}

int config_parachute_finish(struct config *config)
{
    enum plan_event given = PLAN_EVENTS;

    if (config->times > config->cycles)
        return config_refuse(config, SCHEMA_TIMES, "must be at most cycles, which is %u, not %u",
                             config->cycles, config->times);
    if (config->run_dir && config->state_dir && strcmp(config->run_dir, config->state_dir) == 0)
        return config_refuse(config, SCHEMA_RUN_DIR,
                             "must be another folder than state_dir, which is %s too",
                             config->state_dir);
    finish_release(config);
    for (enum plan_event event = 0; event < PLAN_EVENTS; event++) {
        if (!config->commands[event].given)
            continue;
        if (finish_command(config, event) < 0)
            return -1;
        given = given == PLAN_EVENTS ? event : given;
    }
    return given == PLAN_EVENTS ? 0 : finish_file(config, keys[given].object);
}
