#include "agent/control/operator.h"

#include "agent/config/config.h"
#include "agent/config/fault.h"
#include "agent/control/control.h"
#include "agent/control/operator_ask.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

enum verb { VERB_STATUS, VERB_RESET, VERB_TEST, VERBS };

static const struct {
    const char *name;
    const char *flag; /* its own option, and the last word of its request */
    int disks_max;
    bool disk_needed;
} verbs[VERBS] = {
    [VERB_STATUS] = {.name = "status", .flag = "json"},
    [VERB_RESET] = {.name = "reset", .flag = "force", .disks_max = 1},
    [VERB_TEST] = {.name = "test", .flag = "run", .disks_max = 1, .disk_needed = true},
};

/* Options without a letter; before it each verb's own. */
enum { OPTION_FLAG = 256, OPTION_RUN_DIR = OPTION_FLAG + VERBS };

static const struct option names[] = {{"json", no_argument, NULL, OPTION_FLAG + VERB_STATUS},
                                      {"force", no_argument, NULL, OPTION_FLAG + VERB_RESET},
                                      {"run", no_argument, NULL, OPTION_FLAG + VERB_TEST},
                                      {"run-dir", required_argument, NULL, OPTION_RUN_DIR},
                                      {"config", required_argument, NULL, 'c'},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct command {
    enum verb verb;
    bool flag;
    bool help;
    const char *disk;    /* "": none */
    const char *run_dir; /* NULL: not named */
    const char *config;  /* NULL: none */
};

static int print_help(void)
{
    static const char page[] =
        "Usage: altimeter parachute status [--json]\n"
        "       altimeter parachute reset [DISK] [--force]\n"
        "       altimeter parachute test DISK [--run]\n"
        "Asks the altimeter that runs on this machine. DISK is a disk's name, or its\n"
        "mount point, as status shows them.\n"
        "  status          each disk, the node, and what became of the commands\n"
        "      --json      the same as JSON\n"
        "  reset           release DISK, or all, also a latched one, and forget failed\n"
        "                  commands; refused while one is still over its threshold\n"
        "      --force     also then: it is held off until it has been below\n"
        "  test            what is decided of DISK, and the exact command and environment\n"
        "                  that would be run; runs nothing\n"
        "      --run       run on_activate, once, and show what it prints\n"
        "Where the agent is found:\n"
        "      --run-dir DIR    its run_dir (" OPERATOR_RUN_DIR ")\n"
        "  -c, --config FILE    its configuration, which names its run_dir\n"
        "  -h, --help           print this and exit\n"
        "status is for root, the agent's own user and its group; reset and test --run\n"
        "are for root and that user. Exit status: 0; 1 where it is refused, no agent\n"
        "answers, or the command that was run failed; 2: the command line is wrong.\n"
        "man altimeter says more.\n";

    if (fputs(page, stdout) >= 0 && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    fault_write("altimeter: cannot write to stdout: %s", strerror(errno));
    return EXIT_FAILURE;
}

static const char hint[] = "altimeter parachute --help lists what can be asked";

static int refuse_option(int result, char *const *argv)
{
    for (const struct option *row = names; row->name; row++)
        if (row->val == optopt)
            return fault_write("altimeter: --%s: must have %s value; %s", row->name,
                               result == ':' ? "a" : "no", hint);
    if (optopt != 0)
        return fault_write("altimeter: -%c: must be an option; %s", optopt, hint);
    return fault_write("altimeter: %s: must be an option; %s", argv[optind - 1], hint);
}

/* The options. `flags` is told which of the verbs' own there are. */
static int read_options(struct command *command, bool flags[VERBS], int argc, char **argv)
{
    int option = 0;

    opterr = 0;
    optind = 0; /* glibc: from the start */
    while ((option = getopt_long(argc, argv, ":c:h", names, NULL)) != -1) {
        if (option == '?' || option == ':')
            return refuse_option(option, argv);
        if (option == 'h')
            command->help = true;
        else if (option == 'c')
            command->config = optarg;
        else if (option == OPTION_RUN_DIR)
            command->run_dir = optarg;
        else
            flags[option - OPTION_FLAG] = true;
    }
    if (command->run_dir && !*command->run_dir)
        return fault_write("altimeter: --run-dir: must be a directory; %s", hint);
    return 0;
}

static int read_verb(struct command *command, const char *name)
{
    char shown[FAULT_SHOWN_MAX];

    if (!name)
        return fault_write("altimeter: parachute: must be followed by status, reset or test; %s",
                           hint);
    for (enum verb verb = 0; verb < VERBS; verb++) {
        if (strcmp(name, verbs[verb].name) != 0)
            continue;
        command->verb = verb;
        return 0;
    }
    return fault_write("altimeter: parachute %s: must be status, reset or test; %s",
                       fault_show(shown, name, strlen(name)), hint);
}

static int read_disk(struct command *command, int count, char **words)
{
    const char *verb = verbs[command->verb].name;

    if (count > verbs[command->verb].disks_max)
        return fault_write("altimeter: parachute %s: must be followed by %s; %s", verb,
                           verbs[command->verb].disks_max > 0 ? "one disk" : "no other word", hint);
    if (count == 0 && verbs[command->verb].disk_needed)
        return fault_write("altimeter: parachute %s: must be followed by a disk; %s", verb, hint);
    if (count > 0 && (!*words[0] || strpbrk(words[0], "\t\n")))
        return fault_write("altimeter: parachute %s: must be followed by a disk's name or mount "
                           "point (by its name, where that has tabs or newlines); %s",
                           verb, hint);
    command->disk = count > 0 ? words[0] : "";
    return 0;
}

static int read_command(struct command *command, int argc, char **argv)
{
    bool flags[VERBS] = {false};

    if (read_options(command, flags, argc, argv) < 0)
        return -1;
    if (command->help)
        return 0;
    if (read_verb(command, argv[optind]) < 0)
        return -1;
    for (enum verb verb = 0; verb < VERBS; verb++)
        if (flags[verb] && verb != command->verb)
            return fault_write("altimeter: --%s: must go with parachute %s; %s", verbs[verb].flag,
                               verbs[verb].name, hint);
    command->flag = flags[command->verb];
    return read_disk(command, argc - optind - 1, argv + optind + 1);
}

static int ask(const struct command *command, const char *run_dir)
{
    const char *flag = command->flag ? verbs[command->verb].flag : "";
    char request[CONTROL_REQUEST_MAX + 1];
    int len = 0;

    if (command->verb == VERB_STATUS)
        len = snprintf(request, sizeof request, "status\t%s\n", flag);
    else
        len = snprintf(request, sizeof request, "%s\t%s\t%s\n", verbs[command->verb].name,
                       command->disk, flag);
    if (len < 0 || (size_t)len >= sizeof request) {
        fault_write("altimeter: parachute: the disk's name is too long");
        return EXIT_USAGE;
    }
    return operator_ask(run_dir, request, command->verb == VERB_TEST && command->flag);
}

int operator_run(int argc, char **argv)
{
    struct command command = {0};
    struct config config = {0};
    const char *run_dir = OPERATOR_RUN_DIR;
    int status = EXIT_USAGE;

    if (read_command(&command, argc, argv) < 0)
        return EXIT_USAGE;
    if (command.help)
        return print_help();
    if (command.run_dir) {
        run_dir = command.run_dir;
    } else if (command.config) {
        if (config_defaults(&config) < 0 || config_load(&config, command.config) < 0)
            goto out;
        run_dir = config.run_dir;
    }
    if (run_dir)
        status = ask(&command, run_dir);
    else
        fault_write("altimeter: --config: must be a file that sets run_dir: without it an agent "
                    "cannot be asked; %s",
                    hint);
out:
    config_free(&config);
    return status;
}
