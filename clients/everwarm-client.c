/*
 * A client of 1 ms: hands a whole command to everwarm's daemon and passes on what comes back.
 * docs/protocol/front-door.md describes what it speaks. It knows commands only as words.
 * Whatever is odd before the first output: it becomes the Node client, which can do the same and explain itself.
 * cc -O2 -DEVERWARM_NODE='"…"' -DEVERWARM_CLI='"…"' -DEVERWARM_VERSION='"…"'
 */
#define _DEFAULT_SOURCE /* TIOCGWINSZ, SIGWINCH */
#define _DARWIN_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A home longer than this has its sockets elsewhere, under a hash: the Node client knows where. */
#define MAX_HOME_BYTES 79
#define MAX_FRAME_BYTES (16u * 1024 * 1024)
#ifndef MSG_NOSIGNAL /* macOS: said once for a socket */
#define MSG_NOSIGNAL 0
#endif

extern char **environ;

static char **arguments, **instead;
static int signal_pipe[2] = {-1, -1};
static int daemon_fd = -1, host_fd = -1;
static int has_output, wants_stdin, last_signal;

/* Bytes that grow. */
struct bytes { char *at; size_t length, room; };

static void put(struct bytes *to, const void *from, size_t length) {
  if (to->length + length > to->room) {
    to->room = (to->length + length) * 2;
    to->at = realloc(to->at, to->room);
    if (!to->at) abort();
  }
  memcpy(to->at + to->length, from, length);
  to->length += length;
}

static void put_field(struct bytes *to, const char *text) { put(to, text, strlen(text) + 1); }

static void put_number(struct bytes *to, long number) {
  char text[24];
  snprintf(text, sizeof text, "%ld", number);
  put_field(to, text);
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && value[strspn(value, " \t\r\n")] ? value : NULL;
}

/* Files and signals as they were at the start. */
static void become(char **program) {
  if (daemon_fd >= 0) close(daemon_fd);
  if (host_fd >= 0) close(host_fd);
  execvp(program[0], program);
  fprintf(stderr, "everwarm: %s cannot be started: %s\n", program[0], strerror(errno));
  _exit(69);
}

static void give_up(const char *why) {
  if (instead) {
    fprintf(stderr, "everwarm: %s; it begins again without it\n", why);
    become(instead);
  }
  if (has_output) {
    fprintf(stderr, "everwarm: %s\n", why);
    _exit(70);
  }
  int count = 0;
  while (arguments[count]) count++;
  char **program = calloc((size_t)count + 2, sizeof *program);
  const char *node = variable("EVERWARM_NODE"), *cli = variable("EVERWARM_CLI");
  program[0] = node ? (char *)node : EVERWARM_NODE;
  program[1] = cli ? (char *)cli : EVERWARM_CLI;
  for (int i = 1; i < count; i++) program[i + 1] = arguments[i];
  become(program);
}

/* As src/pool/daemon/address.ts finds it. False: the Node client has to look. */
static int find_home(char *home, size_t room) {
  const char *given = variable("EVERWARM_HOME"), *runtime = getenv("XDG_RUNTIME_DIR");
  struct stat found;
  int length;
  if (given) length = snprintf(home, room, "%s", given);
  else if (runtime && *runtime && !stat(runtime, &found) && S_ISDIR(found.st_mode) && found.st_uid == getuid())
    length = snprintf(home, room, "%s/everwarm", runtime);
  else {
    const char *names[] = {"TMPDIR", "TMP", "TEMP"}, *folder = NULL;
    for (int i = 0; i < 3 && !(folder && *folder); i++) folder = getenv(names[i]);
    length = snprintf(home, room, "%s/everwarm-%lu", folder && *folder ? folder : "/tmp", (unsigned long)getuid());
  }
  return length > 0 && length < (int)room;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
  int is_refused;
  do is_refused = connect(fd, (struct sockaddr *)&address, sizeof address);
  while (is_refused && errno == EINTR);
  if (is_refused) close(fd);
  return is_refused ? -1 : fd;
}

/* The link names the daemon that lives now; its token stands beside its socket. */
static int connect_daemon(char *token, size_t room) {
  char home[MAX_HOME_BYTES + 1], link[128], target[64], path[192];
  if (!find_home(home, sizeof home)) return -1;
  snprintf(link, sizeof link, "%s/daemon.sock", home);
  ssize_t length = readlink(link, target, sizeof target - 1);
  if (length < 6 || strncmp(target, "d-", 2) || strncmp(target + length - 5, ".sock", 5)) return -1;
  target[length - 5] = 0;
  snprintf(path, sizeof path, "%s/%s.token", home, target);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  length = read(file, token, room - 1);
  close(file);
  if (length <= 0) return -1;
  token[length] = 0;
  token[strcspn(token, "\n")] = 0;
  snprintf(path, sizeof path, "%s/%s.sock", home, target);
  return connect_to(path);
}

/* False: the other end is gone. */
static int send_all(int fd, const char *from, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    from += sent;
    length -= (size_t)sent;
  }
  return 1;
}

static void put_length(char *to, uint32_t length) {
  for (int i = 0; i < 4; i++) to[i] = (char)(length >> (8 * i));
}

static void tell_host(char type, const char *payload, uint32_t length) {
  char header[5] = {type};
  put_length(header + 1, length);
  if (host_fd < 0 || !send_all(host_fd, header, sizeof header)) return;
  send_all(host_fd, payload, length);
}

static struct winsize window(void) {
  struct winsize size = {0};
  for (int fd = 0; fd < 3; fd++)
    if (!ioctl(fd, TIOCGWINSZ, &size)) break;
  return size;
}

static struct bytes build_request(void) {
  struct bytes request = {0};
  char cwd[4096], terminals[4] = "000";
  if (!getcwd(cwd, sizeof cwd)) give_up("the working directory has no name");
  for (int fd = 0; fd < 3; fd++) terminals[fd] = isatty(fd) ? '1' : '0';
  struct winsize size = window();
  int count = 0;
  while (arguments[count]) count++;
  put(&request, "\0\0\0\0", 4);
  put_field(&request, arguments[1]);
  put_field(&request, cwd);
  put_number(&request, getpid());
  put_field(&request, terminals);
  put_number(&request, size.ws_col);
  put_number(&request, size.ws_row);
  put_number(&request, count - 2);
  for (int i = 2; i < count; i++) put_field(&request, arguments[i]);
  for (char **pair = environ; *pair; pair++) put_field(&request, *pair);
  request.length -= 1; /* between the fields, not behind the last */
  put_length(request.at, (uint32_t)(request.length - 4));
  return request;
}

static void note_signal(int number) {
  int before = errno;
  unsigned char byte = (unsigned char)number;
  if (write(signal_pipe[1], &byte, 1) < 0) { /* the pipe is full of signals already */ }
  errno = before;
}

static void watch_signals(void) {
  if (pipe(signal_pipe)) return;
  for (int i = 0; i < 2; i++) {
    fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
  }
  int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
  for (int i = 0; i < 4; i++) {
    struct sigaction now = {.sa_handler = note_signal, .sa_flags = SA_RESTART}, before;
    sigaction(numbers[i], NULL, &before);
    /* nohup: what was ignored stays so */
    if (before.sa_handler != SIG_IGN) sigaction(numbers[i], &now, NULL);
  }
}

static void die_of(int number) {
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}

static void pass_signals_on(void) {
  unsigned char number;
  while (read(signal_pipe[0], &number, 1) == 1) {
    if (number == SIGWINCH) {
      struct winsize size = window();
      char text[24];
      tell_host('W', text, (uint32_t)snprintf(text, sizeof text, "%d %d", size.ws_col, size.ws_row));
    } else if (last_signal || host_fd < 0) die_of(number); /* asked twice, or nobody is there to ask */
    else {
      last_signal = number;
      tell_host('S', (char *)&number, 1);
    }
  }
}

static void write_out(int fd, const char *from, size_t length) {
  has_output = 1;
  while (length > 0) {
    ssize_t written = write(fd, from, length);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) {
      struct pollfd ready = {fd, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (written <= 0) _exit(74); /* nobody reads any more; the work ends with the connection */
    from += written;
    length -= (size_t)written;
  }
}

static void leave(int code) {
  if (last_signal && code == 128 + last_signal) die_of(last_signal);
  _exit(code);
}

/* Program and arguments with a NUL between them; `from` ends with a NUL. */
static char **program_of(const char *from, size_t length) {
  size_t count = 1;
  for (size_t i = 0; i < length; i++) count += from[i] == 0;
  char **program = calloc(count + 1, sizeof *program), *next = malloc(length + 1);
  if (!program || !next) abort();
  memcpy(next, from, length + 1);
  for (size_t i = 0; i < count; i++, next += strlen(next) + 1) program[i] = next;
  return program;
}

/* `payload` is followed by a NUL. */
static void obey(char type, char *payload, uint32_t length, struct bytes *request) {
  switch (type) {
    case 'O': write_out(1, payload, length); break;
    case 'E': write_out(2, payload, length); break;
    case 'X': leave(length ? (unsigned char)payload[0] : 70); break;
    case 'F':
      if (length > 1) write_out(2, payload + 1, length - 1);
      leave(length ? (unsigned char)payload[0] : 70);
      break;
    case 'I': wants_stdin = 1; break;
    case 'H': {
      const char *token = memchr(payload, 0, length) ? payload + strlen(payload) + 1 : "";
      const char *rest = *token ? token + strlen(token) + 1 : payload + length;
      if (rest < payload + length) instead = program_of(rest, (size_t)(payload + length - rest));
      host_fd = connect_to(payload);
      if (host_fd < 0 || !send_all(host_fd, token, strlen(token) + 1) || !send_all(host_fd, request->at, request->length))
        give_up("the host cannot be reached");
      break;
    }
    case 'R': become(program_of(payload, length)); break;
    default: give_up("the daemon speaks another language");
  }
}

/* False: the other end is gone. */
static int take_frames(int fd, struct bytes *seen, struct bytes *request) {
  static char chunk[65536];
  ssize_t length = recv(fd, chunk, sizeof chunk, 0);
  if (length < 0 && errno == EINTR) return 1;
  if (length <= 0) return 0;
  put(seen, chunk, (size_t)length);
  size_t start = 0;
  while (seen->length - start >= 5) {
    const unsigned char *header = (unsigned char *)seen->at + start;
    uint32_t size = header[1] | header[2] << 8 | header[3] << 16 | (uint32_t)header[4] << 24;
    if (size > MAX_FRAME_BYTES) give_up("the daemon speaks another language");
    if (seen->length - start - 5 < size) break;
    put(seen, "", 1); /* room for the NUL behind the payload */
    seen->length -= 1;
    char *payload = seen->at + start + 5, kept = payload[size];
    char type = seen->at[start];
    payload[size] = 0;
    obey(type, payload, size, request);
    payload[size] = kept;
    start += 5 + (size_t)size;
  }
  memmove(seen->at, seen->at + start, seen->length - start);
  seen->length -= start;
  return 1;
}

static void pass_stdin_on(void) {
  static char chunk[65536];
  ssize_t length = read(0, chunk, sizeof chunk);
  if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (length <= 0) wants_stdin = 0;
  tell_host('I', chunk, length > 0 ? (uint32_t)length : 0);
}

int main(int argc, char **argv) {
  char token[256];
  struct bytes from_daemon = {0}, from_host = {0};
  arguments = argv;
  const char *is_on = variable("EVERWARM");
  if (argc < 2 || (is_on && !strcmp(is_on, "0"))) give_up("no command, or no daemon wanted");
  daemon_fd = connect_daemon(token, sizeof token);
  if (daemon_fd < 0) give_up("no daemon");
  struct bytes request = build_request(), greeting = {0};
  const char *words[] = {"EVERWARM 1 ", token, " ", EVERWARM_VERSION, "\n"};
  for (int i = 0; i < 5; i++) put(&greeting, words[i], strlen(words[i]));
  watch_signals();
  if (!send_all(daemon_fd, greeting.at, greeting.length) || !send_all(daemon_fd, request.at, request.length))
    give_up("the daemon hung up");
  for (;;) {
    struct pollfd ready[] = {
      {daemon_fd, POLLIN, 0}, {host_fd, POLLIN, 0}, {signal_pipe[0], POLLIN, 0}, {wants_stdin ? 0 : -1, POLLIN, 0}};
    if (poll(ready, 4, -1) < 0 && errno != EINTR) give_up("poll failed");
    if (ready[2].revents) pass_signals_on();
    if (ready[1].revents && !take_frames(host_fd, &from_host, &request)) give_up("the host ended in the middle");
    if (ready[0].revents && !take_frames(daemon_fd, &from_daemon, &request)) {
      if (host_fd < 0) give_up("the daemon hung up");
      close(daemon_fd); /* the host, which ends with it, says what is left to say */
      daemon_fd = -1;
    }
    if (ready[3].revents) pass_stdin_on();
  }
}
