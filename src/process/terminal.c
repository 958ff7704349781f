/* The terminal of a person: how wide it is, and typing that is not shown. */
#include "process/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

int sap_terminal_width(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* How the terminal was before, for whoever puts it back, a handler of signals among them. */
static struct termios shown;
static volatile sig_atomic_t hidden_at = -1;

int sap_hide_typing(int fd) {
  if (hidden_at >= 0) return 1;
  if (tcgetattr(fd, &shown) != 0) return 0;
  struct termios hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  hidden.c_lflag |= ECHONL;
  hidden_at = fd;
  if (tcsetattr(fd, TCSADRAIN, &hidden) == 0) return 1;
  hidden_at = -1;
  return 0;
}

void sap_show_typing(void) {
  if (hidden_at >= 0) (void)tcsetattr(hidden_at, TCSADRAIN, &shown);
  hidden_at = -1;
}
