#include "parachute/run/command.h"

#include "parachute/run/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each pipe: what is read, what is written. */
struct pipes {
    int gate[2];
    int output[2];
    int fault[2];
};

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_both(int pipe[2])
{
    close_one(&pipe[0]);
    close_one(&pipe[1]);
}

static int open_pipes(struct pipes *pipes)
{
    if (pipe2(pipes->gate, O_CLOEXEC) < 0 || pipe2(pipes->output, O_CLOEXEC) < 0 ||
        pipe2(pipes->fault, O_CLOEXEC) < 0)
        return -1;
    fcntl(pipes->output[0], F_SETFL, O_NONBLOCK);
    fcntl(pipes->fault[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static int start(struct command *command, struct pipes *pipes, const struct order *order)
{
    if (open_pipes(pipes) < 0)
        return -1;
    command->pid = fork();
    if (command->pid == 0)
        exec_wait(order, pipes->gate[0], pipes->output[1], pipes->fault[1]);
    if (command->pid < 0)
        return -1;
    command->pidfd = pidfd_open(command->pid, 0);
    if (command->pidfd >= 0)
        return 0;

    int error = errno;
    kill(command->pid, SIGKILL);
    waitpid(command->pid, NULL, 0);
    errno = error;
    return -1;
}

int command_start(struct command *command, const struct order *order)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};

    *command = (struct command){.pidfd = -1, .gate = -1, .output = -1, .fault = -1};
    if (start(command, &pipes, order) < 0) {
        int error = errno;

        close_both(pipes.gate);
        close_both(pipes.output);
        close_both(pipes.fault);
        errno = error;
        return -1;
    }
    close_one(&pipes.gate[0]);
    close_one(&pipes.output[1]);
    close_one(&pipes.fault[1]);
    command->gate = pipes.gate[1];
    command->output = pipes.output[0];
    command->fault = pipes.fault[0];
    return 0;
}

void command_go(struct command *command)
{
    const char byte = 1;

    while (write(command->gate, &byte, 1) < 0 && errno == EINTR)
        ;
    close_one(&command->gate);
}

static void close_all(struct command *command)
{
    close_one(&command->pidfd);
    close_one(&command->gate);
    close_one(&command->output);
    close_one(&command->fault);
}

void command_drop(struct command *command)
{
    kill(command->pid, SIGKILL);
    waitpid(command->pid, NULL, 0);
    close_all(command);
}

void command_signal(const struct command *command, int signal)
{
    /* It leads no group yet if it got no time to run since the fork. */
    if (kill(-command->pid, signal) < 0 && errno == ESRCH)
        kill(command->pid, signal);
}

int command_end(struct command *command, char *why)
{
    siginfo_t info = {0};
    ssize_t len = read(command->fault, why, COMMAND_WHY_MAX - 1);

    why[len > 0 ? len : 0] = '\0';
    while (waitid(P_PID, (id_t)command->pid, &info, WEXITED) < 0 && errno == EINTR)
        ;
    close_all(command);
    if (len > 0)
        return PLAN_STATUS_REFUSED;
    return info.si_code == CLD_EXITED ? info.si_status : PLAN_STATUS_SIGNAL + info.si_status;
}
