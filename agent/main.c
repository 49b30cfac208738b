/* altimeter: the front door. */
#include "agent/agent.h"
#include "agent/config/config.h"
#include "agent/control/operator.h"
#include "agent/options.h"
#include "agent/signals.h"
#include "agent/version.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* What cannot be printed is no success. */
static int printed(int result)
{
    if (result == 0 && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    log_write(LOG_LEVEL_ERROR, "cannot write to stdout: %s", strerror(errno));
    return EXIT_FAILURE;
}

static int act(const struct options *options, struct config *config, int argc, char **argv)
{
    if (options->mode != OPTIONS_RUN)
        signals_release();
    switch (options->mode) {
    case OPTIONS_HELP:
        options_help(stdout);
        return printed(0);
    case OPTIONS_VERSION:
        return printed(version_print(stdout));
    case OPTIONS_CHECK:
        return printed(config_print(config, stdout));
    case OPTIONS_ONCE:
        return agent_once(config);
    case OPTIONS_RUN:
        break;
    }
    return agent_run(config, argc, argv);
}

/*
 * So that no socket or file of ours is taken for one of these three. Opened the wrong way round,
 * they still fail as closed ones do.
 */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            _exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    signals_hold();
    fill_standard_descriptors();
    struct options options = {.mode = OPTIONS_RUN, .log_level = LOG_LEVEL_INFO};
    struct config config = {0};
    int status = EXIT_USAGE;

    if (argc > 1 && strcmp(argv[1], "parachute") == 0) {
        signals_release();
        return operator_run(argc - 1, argv + 1);
    }
    if (options_read(&options, &config, argc, argv) == 0) {
        log_open(options.log_level);
        status = act(&options, &config, argc, argv);
    }
    config_free(&config);
    return status;
}
