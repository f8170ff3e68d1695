// The program's entry. Everything else is in app/.
int main() {
  return 0;
}
