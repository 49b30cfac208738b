#include "emitter/ring/holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A line: "7: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF". */
pid_t holder_find(int dir)
{
    FILE *locks = fopen("/proc/locks", "re");
    struct stat stat;
    char line[256];
    char file[64];
    pid_t found = 0;

    if (!locks)
        return 0;
    if (fstat(dir, &stat) == 0) {
        snprintf(file, sizeof file, " %02x:%02x:%lu ", major(stat.st_dev), minor(stat.st_dev),
                 (unsigned long)stat.st_ino);
        while (found == 0 && fgets(line, sizeof line, locks)) {
            char *at = strstr(line, file);

            if (!at || !strstr(line, ": FLOCK "))
                continue;
            *at = '\0'; /* the process is the word before it */
            found = (pid_t)strtol(strrchr(line, ' ') + 1, NULL, 10);
        }
    }
    fclose(locks);
    return found > 0 ? found : 0;
}

/* The first line of /proc/PID/NAME. */
static bool read_line(pid_t pid, const char *name, char *line, int size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool known = fgets(line, size, file) != NULL;
    fclose(file);
    return known;
}

/* PID (NAME) STATE PARENT ...; there may be anything in NAME. */
static pid_t parent_of(pid_t pid)
{
    char line[512];
    const char *behind = read_line(pid, "stat", line, sizeof line) ? strrchr(line, ')') : NULL;

    return behind && strlen(behind) > 4 ? (pid_t)strtol(behind + 4, NULL, 10) : 0;
}

pid_t holder_agent(pid_t process, pid_t own_agent)
{
    pid_t agent = parent_of(process);
    char other[32];
    char own[32];
    bool same = agent > 0 && read_line(agent, "comm", other, sizeof other) &&
                read_line(own_agent, "comm", own, sizeof own) && strcmp(other, own) == 0;

    return same ? agent : 0;
}
