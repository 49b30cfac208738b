/* altimeter: the front door. */
#include "agent/agent.h"
#include "agent/config.h"
#include "agent/options.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static int print_config(const struct config *config)
{
    return config_print(config, stdout) == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int act(const struct options *options, const struct config *config)
{
    switch (options->mode) {
    case OPTIONS_HELP:
        options_help(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        printf("altimeter %s\n", VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_CHECK:
        return print_config(config);
    case OPTIONS_ONCE:
        return agent_once(config);
    case OPTIONS_RUN:
        break;
    }
    return agent_run(config);
}

int main(int argc, char **argv)
{
    struct options options = {.mode = OPTIONS_RUN, .log_level = LOG_LEVEL_INFO};
    struct config config = {0};
    int status = EXIT_USAGE;

    if (options_read(&options, &config, argc, argv) == 0) {
        log_open(options.log_level);
        status = act(&options, &config);
    }
    config_free(&config);
    return status;
}
