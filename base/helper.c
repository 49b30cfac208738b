#include "base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is meant for the agent and reaches its whole group does not end a helper: the agent does. */
static void reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigset_t none;

    for (int i = 1; i < NSIG; i++)
        sigaction(i, &standard, NULL);
    sigaction(SIGHUP, &ignored, NULL);
    sigaction(SIGINT, &ignored, NULL);
    sigaction(SIGTERM, &ignored, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keeps the socket, as descriptor 0, and what the work asks for: whoever waits for the agent's
 * output to end must not wait for a helper that hangs. closefrom(3) finds a way where a filter,
 * such as bpm's, forbids close_range(2). */
static void drop_descriptors(int socket, int keep)
{
    if (dup2(socket, 0) < 0 || (keep > 0 && dup2(keep, 1) < 0))
        _exit(1);
    closefrom(keep > 0 ? 2 : 1);
}

static _Noreturn void serve(const struct helper_work *work, int socket, pid_t agent)
{
    if (!work->outlives)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!work->outlives && getppid() != agent)
        _exit(0);
    prctl(PR_SET_NAME, work->name);
    reset_signals();
    drop_descriptors(socket, work->keep);
    if (chdir("/") < 0)
        _exit(1);
    work->serve(work->arg, agent);
    _exit(0);
}

/* Forks with all signals blocked, so that none runs the agent's handlers in the child. */
static pid_t fork_quietly(const struct helper_work *work, int socket)
{
    pid_t agent = getpid();
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        serve(work, socket, agent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int helper_start(struct helper *helper, const struct helper_work *work)
{
    int pair[2] = {-1, -1};

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -1;
    fcntl(pair[1], F_SETFL, 0); /* the helper's end blocks */
    pid_t pid = fork_quietly(work, pair[1]);
    int error = errno;
    close(pair[1]);
    if (pid > 0) {
        *helper = (struct helper){.pid = pid, .fd = pair[0]};
        return 0;
    }
    close(pair[0]);
    errno = error;
    return -1;
}

void helper_wake(const struct helper *helper)
{
    const char byte = 1;

    send(helper->fd, &byte, 1, MSG_NOSIGNAL);
}

int helper_listen(const struct helper *helper)
{
    char byte = 0;
    ssize_t got = recv(helper->fd, &byte, 1, MSG_DONTWAIT);

    if (got == 1)
        return 1;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void helper_leave(struct helper *helper)
{
    if (helper->pid <= 0)
        return;
    close(helper->fd);
    *helper = (struct helper){.pid = helper->pid, .fd = -1};
}

void helper_end(struct helper *helper)
{
    if (helper->pid <= 0) /* kill(2) would take that for a whole group */
        return;
    kill(helper->pid, SIGKILL);
    helper_leave(helper);
}

bool helper_reap(struct helper *helper)
{
    if (helper->pid > 0 && waitpid(helper->pid, NULL, WNOHANG) == 0)
        return false;
    *helper = (struct helper){0};
    return true;
}
