/** The shared pages in Spanish. */
import type { PageTexts } from './page-texts.ts';

export const spanish: PageTexts = {
  language: 'es',
  signIn: 'Iniciar sesión',
  choose: 'Elija dónde tiene su cuenta.',
  leadingOn: 'Pasa a la página de inicio de sesión.',
  otherTab: 'Está iniciando sesión en otra pestaña. Esta página se abrirá en cuanto termine allí.',
  signInHere: 'Iniciar sesión aquí',
  goOn: 'Continuar',
  goToStart: 'Ir a la página de inicio',
  signOut: 'Cerrar sesión',
  signOutQuestion: '¿Quiere cerrar la sesión?',
  staySignedIn: 'Seguir con la sesión abierta',
  signedOut: 'Ha cerrado la sesión',
  signedIn: 'Ha iniciado sesión',
  notSignedIn: 'No ha iniciado sesión',
  closeTab: 'Cierre esta pestaña y envíe el formulario en la otra.',
  sessionsTitle: 'Sus sesiones',
  sessionsOf: (name) =>
    `Navegadores en los que ${name} ha iniciado sesión. Cierre las sesiones que no reconozca o que ya no use.`,
  thisSession: 'esta',
  unknownBrowser: 'Navegador desconocido',
  browserOn: (browser, system) => `${browser} en ${system}`,
  browserColumn: 'Navegador y dirección',
  openedColumn: 'Inicio',
  usedColumn: 'Último uso',
  signOutEverywhere: 'Cerrar todas las sesiones',
};
