#include "parachute/run/exec.h"

#include "parachute/run/command.h"
#include "parachute/run/words.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the process keeps its pipes while it waits. */
enum { INPUT_FD, OUTPUT_FD, ERROR_FD, GATE_FD, FAULT_FD, FREE_FD };

static _Noreturn void fail(const char *text, const char *more)
{
    char why[COMMAND_WHY_MAX];
    struct words words = words_begin(why, sizeof why);

    words_add(&words, text);
    words_add(&words, more);
    while (write(FAULT_FD, why, strlen(why)) < 0 && errno == EINTR)
        ;
    _exit(127);
}

/* Moved out of the way first, since one's place may be another's. */
static void settle_descriptors(int gate, int output, int fault)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    gate = fcntl(gate, F_DUPFD_CLOEXEC, FREE_FD);
    output = fcntl(output, F_DUPFD_CLOEXEC, FREE_FD);
    fault = fcntl(fault, F_DUPFD_CLOEXEC, FREE_FD);
    nothing = nothing < 0 ? nothing : fcntl(nothing, F_DUPFD_CLOEXEC, FREE_FD);
    int error = errno;
    if (dup3(fault, FAULT_FD, O_CLOEXEC) < 0 || dup3(gate, GATE_FD, O_CLOEXEC) < 0 ||
        dup2(output, OUTPUT_FD) < 0 || dup2(output, ERROR_FD) < 0)
        _exit(127);
    if (nothing < 0 || dup2(nothing, INPUT_FD) < 0)
        fail("cannot open /dev/null: ", strerrordesc_np(error));
    close_range(FREE_FD, ~0U, 0);
}

static void wait_at_gate(void)
{
    char byte = 0;
    ssize_t got = 0;

    do {
        got = read(GATE_FD, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1)
        _exit(0);
}

static void reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        sigaction(i, &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What goes with root goes; the output is given along, or /dev/stderr could not be opened. */
static void become(const struct trust_user *user)
{
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (fchown(STDERR_FILENO, user->uid, (gid_t)-1) == 0 &&
        setgroups(user->group_count, user->groups) == 0 &&
        setresgid(user->gid, user->gid, user->gid) == 0 &&
        setresuid(user->uid, user->uid, user->uid) == 0)
        return;

    const char *error = strerrordesc_np(errno);
    char text[64];
    struct words words = words_begin(text, sizeof text);
    words_add(&words, "cannot become user ");
    words_add_number(&words, user->uid);
    words_add(&words, ": ");
    fail(text, error);
}

static _Noreturn void fail_exec(int error)
{
    switch (error) {
    case ENOENT: /* the file itself was opened a moment ago */
        fail("the interpreter that it names is not there", "");
    case ENOEXEC:
        fail("it is no program; a script must begin with #! and its interpreter", "");
    default:
        fail("cannot be executed: ", strerrordesc_np(error));
    }
}

static _Noreturn void exec(const struct order *order)
{
    char why[TRUST_WHY_MAX] = "";
    int file = trust_open(order->argv[0], order->user ? order->user : &trust_ourselves, why);

    if (file < 0)
        fail(why, "");
    if (order->user)
        become(order->user);
    execveat(file, "", order->argv, order->envp, AT_EMPTY_PATH);
    /* A script cannot be run so: its interpreter would be given /dev/fd/N, which is closed by then.
     * So it is run by its path, which nobody but those whom we trust can have changed meanwhile. */
    if (errno == ENOENT)
        execve(order->argv[0], order->argv, order->envp);
    fail_exec(errno);
}

_Noreturn void exec_wait(const struct order *order, int gate, int output, int fault)
{
    setsid();
    settle_descriptors(gate, output, fault);
    wait_at_gate();
    reset_signals();
    umask(022);
    if (chdir("/") < 0)
        fail("cannot enter /: ", strerrordesc_np(errno));
    close_range(ERROR_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    exec(order);
}
