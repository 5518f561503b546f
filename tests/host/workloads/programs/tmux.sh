# A terminal multiplexer: its server, its client's terminal and the shell in it.
export TERM=screen HOME=/root LC_ALL=C.UTF-8
exec tmux new-session -d -s work -x 80 -y 24 'sh /root/shell.sh'
