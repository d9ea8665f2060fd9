@echo off
rem Opens the page that makes the status, on this computer alone. Needs no administrator.
chcp 65001 >nul
pushd "%~dp0"
py --version >nul 2>nul
if errorlevel 1 (
  echo Python mangler. Hent det i Microsoft Store eller Softwarecenter, uden administrator.
  echo Dobbeltklik derefter igen: Start.cmd.
  pause
  exit /b 1
)
py -m uv --version >nul 2>nul
if errorlevel 1 py -m pip install --user uv
if errorlevel 1 (
  echo Programmet uv kunne ikke hentes. Se linjerne ovenfor. Er pypi.org lukket, kan IT give adgang.
  pause
  exit /b 1
)
py -m uv run --no-default-groups --extra app amager-eval app
if errorlevel 1 pause
popd
